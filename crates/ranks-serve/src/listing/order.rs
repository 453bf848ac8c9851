//! What the query of a listing asks for: `?sort=size&order=desc&filter=txt`.

use super::Entry;

/// How the entries are sorted, and which of them are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// By which column, and which way.
    pub order: Order,
    /// Only names that contain this text are shown, whatever the case of their letters. Empty: all are.
    pub filter: String,
}

/// By which column, and which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// The column.
    pub column: Column,
    /// The greatest first.
    pub down: bool,
}

/// What is compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Column {
    #[default]
    Name,
    Size,
    Date,
}

impl View {
    /// Reads a query. What it does not know is passed over, so no query is wrong.
    pub fn of(query: &str) -> View {
        let mut view = View::default();
        let pairs = query.split('&').filter(|pair| pair.contains('='));
        for (key, value) in pairs.flat_map(|pair| form_urlencoded::parse(pair.as_bytes())) {
            match (&*key, &*value) {
                ("sort", "name") => view.order.column = Column::Name,
                ("sort", "size") => view.order.column = Column::Size,
                ("sort", "date") => view.order.column = Column::Date,
                ("order", way) => view.order.down = way == "desc",
                ("filter", text) => view.filter = text.to_owned(),
                _ => {}
            }
        }
        view
    }

    /// Keeps the entries that are shown, and sorts them.
    pub fn apply(&self, entries: &mut Vec<Entry>) {
        let wanted = self.filter.to_lowercase();
        if !wanted.is_empty() {
            entries.retain(|entry| entry.name.to_lowercase().contains(&wanted));
        }
        self.order.sort(entries);
    }
}

impl Order {
    /// Folders first, whichever way.
    pub fn sort(self, entries: &mut [Entry]) {
        entries.sort_by(|a, b| {
            let by = match self.column {
                Column::Name => a.bytes.cmp(&b.bytes),
                Column::Size => a.size.cmp(&b.size).then_with(|| a.bytes.cmp(&b.bytes)),
                Column::Date => a.modified.cmp(&b.modified).then_with(|| a.bytes.cmp(&b.bytes)),
            };
            let by = if self.down { by.reverse() } else { by };
            (a.kind != "directory").cmp(&(b.kind != "directory")).then(by)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::entry;
    use super::*;

    #[test]
    fn sorted_as_the_query_says() {
        let sorted = |query: &str| {
            let mut entries = vec![
                entry("b", "file", 5, 1),
                entry("d", "directory", 0, 9),
                entry("a", "file", 7, 3),
                entry("c", "file", 5, 2),
            ];
            View::of(query).apply(&mut entries);
            entries.iter().map(|entry| entry.name.clone()).collect::<String>()
        };
        for (query, wanted) in [
            ("", "dabc"),
            ("order=desc", "dcba"),
            ("sort=size", "dbca"),
            ("sort=date&order=desc", "dacb"),
            ("sort=nonsense&x&=", "dabc"),
        ] {
            assert_eq!(sorted(query), wanted, "{query}");
        }
    }

    #[test]
    fn only_names_that_contain_the_filter_are_shown() {
        let shown = |query: &str| {
            let mut entries: Vec<_> =
                ["Notes.TXT", "a b.txt", "50%.txt", "x+y.txt", "übersicht.pdf", "ÜBER.pdf"]
                    .map(|name| entry(name, "file", 1, 1))
                    .into();
            View::of(query).apply(&mut entries);
            entries.into_iter().map(|entry| entry.name).collect::<Vec<_>>()
        };
        assert_eq!(shown("filter=.txt").len(), 4);
        assert_eq!(shown("filter=NOTES"), ["Notes.TXT"]);
        assert_eq!(shown("filter=a+b"), ["a b.txt"]);
        assert_eq!(shown("filter=a%20b"), ["a b.txt"]);
        assert_eq!(shown("filter=x%2By"), ["x+y.txt"]);
        assert_eq!(shown("filter=0%.t"), ["50%.txt"]);
        assert_eq!(shown("filter=%C3%BCber").len(), 2);
        assert_eq!(shown("filter=%ff"), [""; 0]);
        assert_eq!(shown("filter=").len(), 6);
        assert_eq!(shown("filter=%").len(), 1);
    }
}
