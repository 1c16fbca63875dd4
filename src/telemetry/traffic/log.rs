//! The line of the access log that each request for an answer leaves: what it used, where it went and how
//! long it took; nothing of what was said, and no text of the client's but the model's name.

use super::Finished;

impl Finished<'_> {
    /// Writes the line.
    pub fn log(&self, trace_id: Option<&str>) {
        let record = self.record;
        let millis = |seconds: f64| (seconds * 1e6).round() / 1e3;
        tracing::info!(
            target: "ccag::access",
            // It names all that the request's span does, and to write the span too is dear.
            parent: None,
            request_id = record.request_id,
            trace_id,
            route = super::Route::NAMES.get(self.route.place()),
            user_id = record.user_id.map(tracing::field::display),
            team_id = record.team_id.map(tracing::field::display),
            key_id = record.key_id.map(tracing::field::display),
            model = record.model_id.or(record.model.as_deref()),
            endpoint = record.endpoint,
            streaming = record.streaming,
            outcome = super::Outcome::NAMES.get(record.outcome.place()),
            status = record.status,
            error_type = record.error_type,
            input_tokens = record.tokens.input,
            output_tokens = record.tokens.output,
            cache_read_tokens = record.tokens.cache_read,
            cache_write_5m_tokens = record.tokens.cache_write_5m,
            cache_write_1h_tokens = record.tokens.cache_write_1h,
            cost_dollars = record.cost_nanos as f64 / 1e9,
            first_token_ms = record.first_token_ms,
            duration_ms = millis(self.took.as_secs_f64()),
            waited_ms = millis(self.waited.as_secs_f64()),
            stop_reason = record.stop_reason,
            "A request ended."
        );
    }
}
