//! Samples as they stand in the text of `/metrics`.

/// One sample.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) labels: Vec<(String, String)>,
}

impl Sample {
    /// Whether it is one of the metric of this name.
    pub(crate) fn is_of(&self, metric: &str, is_histogram: bool) -> bool {
        let rest = self.name.strip_prefix(metric);
        rest.is_some_and(|rest| match is_histogram {
            true => ["_bucket", "_count", "_sum"].contains(&rest),
            false => rest.is_empty(),
        })
    }

    /// Its name and labels, but for the bounds of buckets, which are written in two ways.
    pub(crate) fn without_bounds(mut self) -> String {
        self.labels.retain(|(name, _)| name != "le");
        self.labels.sort();
        format!("{}{:?}", self.name, self.labels)
    }
}

/// All samples of a text in either form; values with escapes in them are not expected.
pub(crate) fn samples(text: &str) -> Vec<Sample> {
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(sample).collect()
}

fn sample(line: &str) -> Sample {
    let (series, _) = line.rsplit_once(' ').unwrap();
    let Some((name, labels)) = series.split_once('{') else {
        return Sample { name: series.to_owned(), labels: Vec::new() };
    };
    let labels = labels.strip_suffix("\"}").unwrap().split("\",").map(|pair| {
        let (name, value) = pair.split_once("=\"").unwrap();
        (name.to_owned(), value.to_owned())
    });
    Sample { name: name.to_owned(), labels: labels.collect() }
}
