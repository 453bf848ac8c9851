//! Kinds of files, told apart by a small picture before each name.

use super::Entry;

/// What a name stands for, as far as its extension says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Folder,
    Picture,
    Video,
    Sound,
    Text,
    Archive,
    Other,
}

const ARCHIVES: &[&str] = &[
    "zip", "gz", "tgz", "xz", "bz2", "zst", "br", "7z", "rar", "tar", "deb", "rpm", "whl", "jar", "crate",
    "iso",
];

/// The pictures, drawn once; each row refers to one of them.
pub const SYMBOLS: &str = "<svg style=\"display:none\">\
<symbol id=\"folder\" viewBox=\"0 0 16 16\"><path fill=\"#d29922\" d=\"M1 3h5l2 2h7v9H1z\"/></symbol>\
<symbol id=\"picture\" viewBox=\"0 0 16 16\"><path fill=\"#2da44e\" d=\"M1 2h14v12H1zm2 10h10L9.5 6 7 10 5.5 8z\"/></symbol>\
<symbol id=\"video\" viewBox=\"0 0 16 16\"><path fill=\"#cf5d8b\" d=\"M1 3h14v10H1zm5 2v6l5-3z\"/></symbol>\
<symbol id=\"sound\" viewBox=\"0 0 16 16\"><path fill=\"#8957e5\" d=\"M5 2l9-1v10a2.5 2 0 1 1-2-2V4L7 4.6V12a2.5 2 0 1 1-2-2z\"/></symbol>\
<symbol id=\"text\" viewBox=\"0 0 16 16\"><path fill=\"#4184e4\" d=\"M2 1h12v14H2zm2 3v1h8V4zm0 3v1h8V7zm0 3v1h5v-1z\"/></symbol>\
<symbol id=\"archive\" viewBox=\"0 0 16 16\"><path fill=\"#bc6c25\" d=\"M1 2h14v3H1zm1 4h12v8H2zm4 2v1h4V8z\"/></symbol>\
<symbol id=\"other\" viewBox=\"0 0 16 16\"><path fill=\"#8b949e\" d=\"M3 1h7l3 3v11H3z\"/></symbol></svg>\n";

impl Kind {
    /// The kind of an entry.
    pub fn of(entry: &Entry) -> Kind {
        if entry.kind == "directory" {
            return Kind::Folder;
        }
        let extension =
            entry.name.rsplit_once('.').map_or(String::new(), |(_, end)| end.to_ascii_lowercase());
        if ARCHIVES.contains(&extension.as_str()) {
            return Kind::Archive;
        }
        let mime = mime_guess::from_ext(&extension).first_or_octet_stream();
        match (mime.type_().as_str(), mime.subtype().as_str()) {
            ("image", _) => Kind::Picture,
            ("video", _) => Kind::Video,
            ("audio", _) => Kind::Sound,
            ("text", _) | ("application", "json" | "xml" | "javascript" | "toml" | "pdf" | "x-sh") => {
                Kind::Text
            }
            _ => Kind::Other,
        }
    }

    /// Its picture, which is silent to those who hear the page: the name says the kind already.
    pub fn icon(self) -> &'static str {
        match self {
            Kind::Folder => "<svg aria-hidden=\"true\"><use href=\"#folder\"/></svg>",
            Kind::Picture => "<svg aria-hidden=\"true\"><use href=\"#picture\"/></svg>",
            Kind::Video => "<svg aria-hidden=\"true\"><use href=\"#video\"/></svg>",
            Kind::Sound => "<svg aria-hidden=\"true\"><use href=\"#sound\"/></svg>",
            Kind::Text => "<svg aria-hidden=\"true\"><use href=\"#text\"/></svg>",
            Kind::Archive => "<svg aria-hidden=\"true\"><use href=\"#archive\"/></svg>",
            Kind::Other => "<svg aria-hidden=\"true\"><use href=\"#other\"/></svg>",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::entry;
    use super::*;

    #[test]
    fn the_extension_tells_the_kind() {
        for (name, kind) in [
            ("a.PNG", Kind::Picture),
            ("a.svg", Kind::Picture),
            ("a.mp4", Kind::Video),
            ("a.mp3", Kind::Sound),
            ("a.txt", Kind::Text),
            ("a.csv", Kind::Text),
            ("a.rs", Kind::Text),
            ("a.json", Kind::Text),
            ("a.tar.gz", Kind::Archive),
            ("a.whl", Kind::Archive),
            ("a", Kind::Other),
            ("a.bin", Kind::Other),
            ("png", Kind::Other),
            ("", Kind::Other),
        ] {
            assert_eq!(Kind::of(&entry(name, "file", 1, 1)), kind, "{name}");
        }
        assert_eq!(Kind::of(&entry("pictures.png", "directory", 0, 1)), Kind::Folder);
    }

    #[test]
    fn each_kind_has_its_picture() {
        for kind in
            [Kind::Folder, Kind::Picture, Kind::Video, Kind::Sound, Kind::Text, Kind::Archive, Kind::Other]
        {
            let name = kind.icon().split('#').nth(1).and_then(|rest| rest.split('"').next()).unwrap();
            assert!(SYMBOLS.contains(&format!("<symbol id=\"{name}\"")), "{name}");
        }
    }
}
