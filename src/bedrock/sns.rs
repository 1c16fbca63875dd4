//! SNS `Publish` (query protocol, version 2010-03-31).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::service::{Access, Call, ServiceError, call};

/// What a form leaves as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// Longest subject, in characters.
const MAX_SUBJECT: usize = 99;

/// A topic.
#[derive(Debug, Clone, Copy)]
pub struct Topic<'a> {
    /// Its ARN.
    pub arn: &'a str,
    /// The region that it lies in.
    pub region: &'a str,
    /// The domain of its partition.
    pub domain: &'a str,
}

/// What is published.
#[derive(Debug, Clone)]
pub struct Publication<'a> {
    /// The message.
    pub message: &'a str,
    /// The subject, which mails show.
    pub subject: &'a str,
    /// Attributes that subscriptions filter by, as (name, text).
    pub attributes: &'a [(&'a str, &'a str)],
    /// For FIFO topics: what is delivered in order, and what is the same message.
    pub group: &'a str,
    /// Of two publications to a FIFO topic with the same one, within five minutes, one is delivered.
    pub deduplication: &'a str,
}

/// Publishes to a topic; returns the id of the message.
///
/// # Errors
/// [`ServiceError`]
pub async fn publish(
    access: &Access<'_>,
    topic: Topic<'_>,
    publication: &Publication<'_>,
) -> Result<String, ServiceError> {
    let sent = Call {
        service: "SNS",
        scope: "sns",
        region: topic.region,
        domain: topic.domain,
        content_type: "application/x-www-form-urlencoded; charset=utf-8",
        target: None,
        body: form(topic, publication).into(),
    };
    let (status, answer) = call(access, sent).await?;
    let answer = String::from_utf8_lossy(&answer);
    if status == 200
        && let Some(id) = between(&answer, "<MessageId>", "</MessageId>")
    {
        return Ok(id.to_owned());
    }
    let code = between(&answer, "<Code>", "</Code>").map_or(status.to_string(), str::to_owned);
    let message = between(&answer, "<Message>", "</Message>").unwrap_or("no reason is given");
    Err(ServiceError::refused("SNS", &code, message))
}

fn form(topic: Topic<'_>, publication: &Publication<'_>) -> String {
    let subject: String =
        publication.subject.chars().filter(|c| matches!(c, ' '..='~')).take(MAX_SUBJECT).collect();
    let mut fields: Vec<(String, &str)> = vec![
        ("Action".to_owned(), "Publish"),
        ("Version".to_owned(), "2010-03-31"),
        ("TopicArn".to_owned(), topic.arn),
        ("Message".to_owned(), publication.message),
        ("Subject".to_owned(), &subject),
    ];
    for (number, (name, text)) in publication.attributes.iter().enumerate() {
        let entry = format!("MessageAttributes.entry.{}", number + 1);
        fields.push((format!("{entry}.Name"), name));
        fields.push((format!("{entry}.Value.DataType"), "String"));
        fields.push((format!("{entry}.Value.StringValue"), text));
    }
    if topic.arn.ends_with(".fifo") {
        fields.push(("MessageGroupId".to_owned(), publication.group));
        fields.push(("MessageDeduplicationId".to_owned(), publication.deduplication));
    }
    let pairs: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, PLAIN)))
        .collect();
    pairs.join("&")
}

fn between<'t>(text: &'t str, start: &str, end: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(start)?;
    rest.split_once(end).map(|(inner, _)| inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn publication<'a>(subject: &'a str) -> Publication<'a> {
        Publication {
            message: r#"{"a":"é & b"}"#,
            subject,
            attributes: &[("type", "budget_blocked")],
            group: "budget",
            deduplication: "1",
        }
    }

    #[test]
    fn a_form_is_escaped_and_its_subject_is_plain() {
        let arn = "arn:aws:sns:eu-west-1:111122223333:topic";
        let topic = Topic { arn, region: "eu-west-1", domain: "amazonaws.com" };
        let form = super::form(topic, &publication("CCAG:\nblocked é"));
        assert_eq!(
            form,
            "Action=Publish&Version=2010-03-31\
             &TopicArn=arn%3Aaws%3Asns%3Aeu-west-1%3A111122223333%3Atopic\
             &Message=%7B%22a%22%3A%22%C3%A9%20%26%20b%22%7D&Subject=CCAG%3Ablocked%20\
             &MessageAttributes.entry.1.Name=type&MessageAttributes.entry.1.Value.DataType=String\
             &MessageAttributes.entry.1.Value.StringValue=budget_blocked"
        );
        let long = "x".repeat(200);
        let form = super::form(topic, &publication(&long));
        assert!(form.contains(&format!("Subject={}&", "x".repeat(99))));
    }

    #[test]
    fn a_fifo_topic_gets_its_group() {
        let arn = "arn:aws:sns:eu-west-1:111122223333:topic.fifo";
        let topic = Topic { arn, region: "eu-west-1", domain: "amazonaws.com" };
        let form = super::form(topic, &publication("s"));
        assert!(form.ends_with("&MessageGroupId=budget&MessageDeduplicationId=1"), "{form}");
    }
}
