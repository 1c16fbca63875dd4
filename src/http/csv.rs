//! Rows of CSV (RFC 4180) that no spreadsheet takes for a formula.

/// One row with its line end. Every field is quoted; one that begins as a formula does gets an
/// apostrophe before it.
pub fn row<T: AsRef<str>>(fields: impl IntoIterator<Item = T>) -> Vec<u8> {
    let quoted: Vec<String> = fields.into_iter().map(|field| quoted(field.as_ref())).collect();
    format!("{}\r\n", quoted.join(",")).into_bytes()
}

fn quoted(field: &str) -> String {
    let is_formula =
        field.starts_with(['=', '+', '-', '@', '\t', '\r']) && field.parse::<f64>().is_err();
    let guard = if is_formula { "'" } else { "" };
    format!("\"{guard}{}\"", field.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_stay_fields_and_formulas_stay_text() {
        let text = String::from_utf8(row(["a\"b", "1,2\n3", "=1+1", "@x", "-5", ""])).unwrap();
        assert_eq!(text, "\"a\"\"b\",\"1,2\n3\",\"'=1+1\",\"'@x\",\"-5\",\"\"\r\n");
    }
}
