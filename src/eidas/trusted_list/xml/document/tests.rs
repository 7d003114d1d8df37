use super::*;

fn judge(document: impl AsRef<[u8]>) -> Result<(), XmlError> {
    parse(&text(document.as_ref())?).map(drop)
}

#[test]
fn utf_8_with_or_without_a_mark_and_a_declaration_is_read() {
    for good in [
        "<a/>",
        "\u{feff}<a/>",
        "<?xml version='1.0'?><a/>",
        "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"no\"?>\r\n<a/>\n",
        "<?xml-stylesheet href='x'?><a/>",
    ] {
        assert_eq!(judge(good), Ok(()), "{good}");
    }
}

#[test]
fn other_encodings_versions_and_broken_text_are_refused() {
    for bad in [
        &b""[..],
        b"<a>",
        b"<a/><b/>",
        b"<a>\xff</a>",
        b"<?xml version='1.1'?><a/>",
        b"<?xml version='1.0' encoding='ISO-8859-1'?><a/>",
        b"<?xml version='1.0' encoding='UTF-16'?><a/>",
        b"<a b='1' b='2'/>",
        b"<a>&unknown;</a>",
        b"<p:a/>",
    ] {
        assert_eq!(judge(bad), Err(XmlError::Malformed), "{}", String::from_utf8_lossy(bad));
    }
}

#[test]
fn namespaces_that_the_parser_lets_pass_are_refused() {
    for bad in ["<a xmlns='u:1' xmlns='u:2'/>", "<p:a xmlns:p='u:1'><b xmlns:p=''/></p:a>"] {
        assert_eq!(judge(bad), Err(XmlError::Malformed), "{bad}");
    }
    assert_eq!(judge("<a xmlns='u:1'><b xmlns=''/></a>"), Ok(()));
}

#[test]
fn document_types_and_their_entities_are_refused() {
    let bomb = "<!DOCTYPE a [<!ENTITY b 'bb'><!ENTITY c '&b;&b;&b;'>]><a>&c;</a>";
    let outside = "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>";
    for hostile in [bomb, outside, "<!DOCTYPE a><a/>"] {
        assert_eq!(judge(hostile), Err(XmlError::DocumentType), "{hostile}");
    }
}

#[test]
fn one_id_for_two_elements_is_refused_however_it_is_spelt() {
    for hostile in
        ["<a Id='x'><b Id='x'/></a>", "<a ID='x'><b id='x'/></a>", "<a xml:id='x' Id='x'/>"]
    {
        assert_eq!(judge(hostile), Err(XmlError::IdTwice("x".into())), "{hostile}");
    }
}

#[test]
fn what_is_larger_than_any_list_is_refused() {
    let huge = format!("<a>{}</a>", "x".repeat(MAX_BYTES));
    let deep = "<a>".repeat(1_000_000);
    let attribute = format!("<a b='{}'/>", "x".repeat(1 << 20));
    assert_eq!(judge(huge), Err(XmlError::TooLarge));
    assert_eq!(judge(deep), Err(XmlError::TooLarge));
    assert_eq!(judge(attribute), Ok(()));
}

#[test]
fn a_value_is_text_and_nothing_else() {
    let read = |document: &str| {
        let document = parse(document).unwrap();
        value(document.root_element(), "a")
    };
    assert_eq!(read("<a> x &amp; <![CDATA[y]]>\n</a>").unwrap(), "x & y");
    for hostile in ["<a>x<!-- -->y</a>", "<a>x<?p?>y</a>", "<a>x<b/>y</a>"] {
        assert_eq!(read(hostile), Err(XmlError::Value("a")), "{hostile}");
    }
    // White space of Unicode is a character like any other.
    assert_eq!(read("<a>\u{a0}x</a>").unwrap(), "\u{a0}x");
}

#[test]
fn base64_may_be_broken_into_lines_and_is_not_empty() {
    let read = |document: &str| {
        let document = parse(document).unwrap();
        base64(document.root_element(), "a")
    };
    assert_eq!(read("<a>\n AQ\n ID </a>").unwrap(), [1, 2, 3]);
    for bad in ["<a/>", "<a>AQI</a>", "<a>AQI-</a>", "<a>AQ==ID</a>"] {
        assert_eq!(read(bad), Err(XmlError::Value("a")), "{bad}");
    }
}

#[test]
fn an_element_that_is_due_once_is_there_once() {
    let document = parse("<r xmlns='u:1'><a/><b/><b/></r>").unwrap();
    let root = document.root_element();
    assert!(only(root, "u:1", "a").is_ok());
    assert_eq!(only(root, "u:1", "b"), Err(XmlError::Repeated("b")));
    assert_eq!(only(root, "u:2", "a"), Err(XmlError::Missing("a")));
    assert_eq!(optional(root, "u:2", "a"), Ok(None));
}
