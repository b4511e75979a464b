//! The fields of the two answers that nearly everybody gets: the whole file, and 304.
//!
//! They depend on the file and its name alone, not on who asks. So a cache that keeps the file
//! keeps them too, written and checked once; without one they are written for each answer.

use crate::encoding::Coding;
use crate::freshness::cache_control;
use crate::mime::media_type;
use crate::{Found, OpenFile, Sibling, SitePath};
use http_parse::Fields;
use std::sync::Arc;

/// Both, for one variant of a file under one name.
#[derive(Clone, Debug)]
pub struct Prepared {
    whole: Fields,
    unchanged: Fields,
}

/// Writes the fields of a file and its siblings, once for all answers while it is kept.
#[must_use]
pub fn prepare(found: Found, path: &SitePath) -> Found {
    let Found::File(file) = found else {
        return found;
    };
    let name = path.file_name().unwrap_or(b"");
    let prepared = |coding: Option<Coding>, file: &OpenFile| {
        let (whole, unchanged) = (whole(name, coding, file), unchanged(name, file));
        OpenFile {
            prepared: Some(Arc::new(Prepared { whole, unchanged })),
            ..file.clone()
        }
    };
    let sibling = |sibling: &Sibling| Sibling {
        coding: sibling.coding,
        file: Arc::new(prepared(Some(sibling.coding), &sibling.file)),
    };
    Found::File(Arc::new(OpenFile {
        siblings: file.siblings.iter().map(sibling).collect(),
        ..prepared(None, &file)
    }))
}

/// What is said of the whole file, in whichever coding.
pub(crate) fn whole(name: &[u8], coding: Option<Coding>, file: &OpenFile) -> Fields {
    if let Some(prepared) = &file.prepared {
        return prepared.whole.with_room(0);
    }
    let mut fields = Fields::new();
    fields.push("Content-Type", media_type(name));
    push_of_representation(&mut fields, name, coding, file);
    fields
}

/// What a cache needs to go on using its copy; the rest it knows (RFC 9110 §15.4.5).
pub(crate) fn unchanged(name: &[u8], file: &OpenFile) -> Fields {
    if let Some(prepared) = &file.prepared {
        return prepared.unchanged.with_room(0);
    }
    let mut fields = Fields::new();
    fields.push("ETag", &file.etag);
    fields.push("Cache-Control", cache_control(name));
    fields
}

/// What is said of the file with all of it and with each part.
pub(crate) fn push_of_representation(
    fields: &mut Fields,
    name: &[u8],
    coding: Option<Coding>,
    file: &OpenFile,
) {
    if let Some(coding) = coding {
        fields.push("Content-Encoding", coding.name());
    }
    fields.push("Last-Modified", &file.last_modified);
    fields.push("ETag", &file.etag);
    fields.push("Cache-Control", cache_control(name));
    fields.push("Accept-Ranges", "bytes");
    fields.push("X-Content-Type-Options", "nosniff");
}
