//! The vectors were written by libxml2, through lxml 6.

use roxmltree::Node;

use super::super::document::{parse, text};
use super::*;

struct Vector {
    what: &'static str,
    document: &'static str,
    /// The `Id` of the element, or the whole document.
    of: Option<&'static str>,
    comments: bool,
    inclusive: &'static [&'static str],
    canonical: &'static str,
}

fn write(document: &str, of: Option<&str>, how: &Canonical) -> Result<String, XmlError> {
    let text = text(document.as_bytes()).unwrap();
    let document = parse(&text).unwrap();
    let has_id = |node: &Node<'_, '_>| node.attribute("Id") == of;
    match of {
        Some(_) => how.write(document.descendants().find(has_id).unwrap()),
        None => how.write(document.root()),
    }
}

#[test]
fn documents_are_written_as_another_implementation_writes_them() {
    for Vector { what, document, of, comments, inclusive, canonical } in VECTORS {
        let besides = Besides::These(inclusive.iter().map(|prefix| (*prefix).to_owned()).collect());
        let how = Canonical { comments, besides, without: None };
        assert_eq!(write(document, of, &how).unwrap(), canonical, "{what}");
    }
}

#[test]
fn the_canonical_form_is_its_own() {
    for Vector { what, canonical, comments, .. } in
        VECTORS.into_iter().filter(|vector| vector.inclusive.is_empty())
    {
        let how = Canonical { comments, ..Canonical::default() };
        assert_eq!(write(canonical, None, &how).unwrap(), canonical.trim_end(), "{what}");
    }
}

/// That implementation cannot be told `#default`, leaves namespaces unescaped, and forgets what is
/// above an element in the inclusive form.
#[test]
fn what_the_other_implementation_does_not_do_is_as_the_specification_says() {
    let besides = Besides::These([String::new()].into());
    let default = Canonical { besides, ..Canonical::default() };
    let inclusive = Canonical { besides: Besides::All, ..Canonical::default() };
    let comments = Canonical { comments: true, ..Canonical::default() };
    for (document, of, how, canonical) in [
        (
            "<r xmlns='u:0' xmlns:p='u:1'><p:s Id='x'><p:t/><p:v xmlns='u:2'/></p:s></r>",
            Some("x"),
            &default,
            "<p:s xmlns=\"u:0\" xmlns:p=\"u:1\" Id=\"x\"><p:t></p:t><p:v xmlns=\"u:2\"></p:v></p:s>",
        ),
        (
            "<r xmlns='u:0' xmlns:p='u:1' xml:lang='en' xml:space='default' a='b'><q xml:lang='pt'>\
             <p:s Id='x' xml:space='preserve'><t xmlns:p='u:1' xmlns:v='u:2'/><w xmlns=''/></p:s></q>\
             </r>",
            Some("x"),
            &inclusive,
            "<p:s xmlns=\"u:0\" xmlns:p=\"u:1\" Id=\"x\" xml:lang=\"pt\" xml:space=\"preserve\">\
             <t xmlns:v=\"u:2\"></t><w xmlns=\"\"></w></p:s>",
        ),
        (
            "<r\r\na='1'\r>\r\n<!-- a\r\nb\r --><?p a\r\nb?></r\r\n>",
            None,
            &comments,
            "<r a=\"1\">\n<!-- a\nb\n --><?p a\nb?></r>",
        ),
        (
            "<p:s xmlns:p='u:?a=1&amp;b=&lt;'/>",
            None,
            &Canonical::default(),
            "<p:s xmlns:p=\"u:?a=1&amp;b=&lt;\"></p:s>",
        ),
    ] {
        assert_eq!(write(document, of, how).unwrap(), canonical);
    }
}

#[test]
fn an_enveloped_signature_is_left_out_with_all_below_it() {
    let text = "<r>a<s><t/>b</s>c<s/></r>";
    let document = parse(text).unwrap();
    let signature = document.root_element().first_element_child().unwrap();
    let how = Canonical { without: Some(signature.id()), ..Canonical::default() };
    assert_eq!(how.write(document.root()).unwrap(), "<r>ac<s></s></r>");
}

#[test]
fn a_namespace_that_every_element_repeats_does_not_fill_the_memory() {
    let long = "u:".repeat(1 << 20);
    let children = "<p:a/>".repeat(1000);
    let document = format!("<r xmlns:p='{long}'>{children}</r>");
    assert_eq!(write(&document, None, &Canonical::default()), Err(XmlError::TooLarge));
}

const VECTORS: [Vector; 17] = [
    Vector {
        what: "a default namespace is undeclared and declared again",
        document: "<a xmlns=\"u:1\"><b xmlns=\"\"><c xmlns=\"u:2\"/><d/></b><e/></a>",
        of: None,
        comments: false,
        inclusive: &[],
        canonical: "<a xmlns=\"u:1\"><b xmlns=\"\"><c xmlns=\"u:2\"></c><d></d></b><e></e></a>",
    },
    Vector {
        what: "a prefix is declared where it is used, again with another meaning",
        document: "<r xmlns:p=\"u:1\" xmlns:q=\"u:2\"><p:a><p:b xmlns:p=\"u:1\"/><p:c xmlns:p=\"u:3\"><p:d/></p:c><p:e/></p:a><q:f/></r>",
        of: None,
        comments: false,
        inclusive: &[],
        canonical: "<r><p:a xmlns:p=\"u:1\"><p:b></p:b><p:c xmlns:p=\"u:3\"><p:d></p:d></p:c><p:e></p:e></p:a><q:f xmlns:q=\"u:2\"></q:f></r>",
    },
    Vector {
        what: "attributes go by namespace, not by prefix",
        document: "<r xmlns:z=\"u:a\" xmlns:a=\"u:z\" a:k=\"1\" z:k=\"2\" k=\"3\" b=\"4\" xml:lang=\"en\" z:b=\"5\"/>",
        of: None,
        comments: false,
        inclusive: &[],
        canonical: "<r xmlns:a=\"u:z\" xmlns:z=\"u:a\" b=\"4\" k=\"3\" xml:lang=\"en\" z:b=\"5\" z:k=\"2\" a:k=\"1\"></r>",
    },
    Vector {
        what: "a namespace that only an attribute uses",
        document: "<r xmlns:p=\"u:1\" xmlns:q=\"u:2\"><a q:b=\"c\"><d q:b=\"c\"/></a><e/></r>",
        of: None,
        comments: false,
        inclusive: &[],
        canonical: "<r><a xmlns:q=\"u:2\" q:b=\"c\"><d q:b=\"c\"></d></a><e></e></r>",
    },
    Vector {
        what: "values are normalised and escaped",
        document: "<r a=\"&#9;&#10;&#13;\" b=\"x\ty\nz\" c=\"&lt;&amp;&quot;&apos;>\" d='\"' e = \"&#x20AC;\"  />",
        of: None,
        comments: false,
        inclusive: &[],
        canonical: "<r a=\"&#x9;&#xA;&#xD;\" b=\"x y z\" c=\"&lt;&amp;&quot;'>\" d=\"&quot;\" e=\"€\"></r>",
    },
    Vector {
        what: "text is escaped, sections and references are resolved",
        document: "<r>&lt;&amp;&gt;\"'&#13;&#9;<![CDATA[<a>&amp;]]>]]&gt;&#x1F600;é</r>",
        of: None,
        comments: false,
        inclusive: &[],
        canonical: "<r>&lt;&amp;&gt;\"'&#xD;\t&lt;a&gt;&amp;amp;]]&gt;😀é</r>",
    },
    Vector {
        what: "ends of lines are line feeds",
        document: "<r a=\"x\r\ny\">\r\n<b>\r</b>\r\n</r>\r\n",
        of: None,
        comments: false,
        inclusive: &[],
        canonical: "<r a=\"x y\">\n<b>\n</b>\n</r>",
    },
    Vector {
        what: "comments and instructions stand on lines of their own",
        document: "<?xml version=\"1.0\"?>\n<!-- one -->\n<?pi  some  value ?>\n<r><!-- two --><?p?><a/></r>\n<?q r?><!-- three -->",
        of: None,
        comments: true,
        inclusive: &[],
        canonical: "<!-- one -->\n<?pi some  value ?>\n<r><!-- two --><?p?><a></a></r>\n<?q r?>\n<!-- three -->",
    },
    Vector {
        what: "comments are left out",
        document: "<?xml version=\"1.0\"?><!-- one --><?pi v?><r><!-- two -->a<!-- three -->b</r><!-- four --><?q?>",
        of: None,
        comments: false,
        inclusive: &[],
        canonical: "<?pi v?>\n<r>ab</r>\n<?q?>",
    },
    Vector {
        what: "an element takes its namespaces from above, and only those it uses",
        document: "<r xmlns=\"u:0\" xmlns:p=\"u:1\" xmlns:q=\"u:2\" xml:lang=\"en\" xml:space=\"preserve\"><p:s Id=\"x\"><t q:a=\"1\"/><u xmlns=\"\">v</u></p:s></r>",
        of: Some("x"),
        comments: false,
        inclusive: &[],
        canonical: "<p:s xmlns:p=\"u:1\" Id=\"x\"><t xmlns=\"u:0\" xmlns:q=\"u:2\" q:a=\"1\"></t><u>v</u></p:s>",
    },
    Vector {
        what: "an element of no namespace below one that has",
        document: "<p:r xmlns:p=\"u:1\"><s Id=\"x\"><p:t/></s></p:r>",
        of: Some("x"),
        comments: false,
        inclusive: &[],
        canonical: "<s Id=\"x\"><p:t xmlns:p=\"u:1\"></p:t></s>",
    },
    Vector {
        what: "prefixes of the list are written though unused",
        document: "<r xmlns=\"u:0\" xmlns:p=\"u:1\" xmlns:q=\"u:2\"><p:s Id=\"x\"><p:t><q:u/></p:t></p:s></r>",
        of: Some("x"),
        comments: false,
        inclusive: &["q", "nobody"],
        canonical: "<p:s xmlns:p=\"u:1\" xmlns:q=\"u:2\" Id=\"x\"><p:t><q:u></q:u></p:t></p:s>",
    },
    Vector {
        what: "a prefix of the list that is declared anew below",
        document: "<r xmlns:p=\"u:1\" xmlns:q=\"u:2\"><p:s Id=\"x\"><p:t xmlns:q=\"u:3\"><p:v/></p:t><p:w xmlns:q=\"u:2\"/></p:s></r>",
        of: Some("x"),
        comments: false,
        inclusive: &["q"],
        canonical: "<p:s xmlns:p=\"u:1\" xmlns:q=\"u:2\" Id=\"x\"><p:t xmlns:q=\"u:3\"><p:v></p:v></p:t><p:w></p:w></p:s>",
    },
    Vector {
        what: "two prefixes of one namespace",
        document: "<a:r xmlns:a=\"u:1\" xmlns:b=\"u:1\"><b:s b:c=\"1\"><a:t a:d=\"2\"/></b:s></a:r>",
        of: None,
        comments: false,
        inclusive: &[],
        canonical: "<a:r xmlns:a=\"u:1\"><b:s xmlns:b=\"u:1\" b:c=\"1\"><a:t a:d=\"2\"></a:t></b:s></a:r>",
    },
    Vector {
        what: "prefixes go by their characters",
        document: "<r xmlns:b=\"u:b\" xmlns:B=\"u:B\" xmlns:a1=\"u:a1\" xmlns:a=\"u:a\" b:x=\"\" B:x=\"\" a1:x=\"\" a:x=\"\"/>",
        of: None,
        comments: false,
        inclusive: &[],
        canonical: "<r xmlns:B=\"u:B\" xmlns:a=\"u:a\" xmlns:a1=\"u:a1\" xmlns:b=\"u:b\" B:x=\"\" a:x=\"\" a1:x=\"\" b:x=\"\"></r>",
    },
    Vector {
        what: "white space in tags is dropped",
        document: "<r\n  a='1'\n\tb = '2' ><s  /></r >",
        of: None,
        comments: false,
        inclusive: &[],
        canonical: "<r a=\"1\" b=\"2\"><s></s></r>",
    },
    Vector {
        what: "a comment in an element with comments",
        document: "<r xmlns=\"u:0\"><s Id=\"x\"><!-- a < b & c --></s></r>",
        of: Some("x"),
        comments: true,
        inclusive: &[],
        canonical: "<s xmlns=\"u:0\" Id=\"x\"><!-- a < b & c --></s>",
    },
];
