//! The messages of the boundary with their comments, read from the protobuf files.

use std::path::Path;

use anyhow::{Context, Result};
use protox::prost_reflect::{DescriptorPool, EnumDescriptor, FileDescriptor, Kind, MessageDescriptor};

/// The package of the boundary.
const PACKAGE: &str = "starknet.ecp.v1alpha1";

/// One file of the package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name without folder and `.proto`.
    pub name: String,
    /// Messages and enumerations in their order.
    pub types: Vec<Type>,
}

/// A message or an enumeration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Type {
    /// Its name.
    pub name: String,
    /// Its comment on one line.
    pub comment: String,
    /// Fields or values in their order.
    pub members: Vec<Member>,
}

/// A field of a message or a value of an enumeration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Its number.
    pub number: i64,
    /// The type of a field with what it is in (`repeated`, `optional`, `oneof NAME`); empty for a value.
    pub kind: String,
    /// Its comment on one line.
    pub comment: String,
}

/// A call with its messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Method {
    /// Its name.
    pub name: String,
    /// The request's message, with `stream` before it where it is one.
    pub request: String,
    /// The reply's message, with `stream` before it where it is one.
    pub reply: String,
}

/// The whole package.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proto {
    /// Files in the order of their names.
    pub files: Vec<File>,
    /// Calls in their order.
    pub methods: Vec<Method>,
}

impl Proto {
    /// Reads the package below `root`.
    ///
    /// # Errors
    /// A file that is missing or does not compile.
    pub fn load(root: &Path) -> Result<Self> {
        let include = root.join("proto");
        let folder = include.join(PACKAGE.replace('.', "/"));
        let mut sources = Vec::new();
        for entry in std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "proto") {
                sources.push(path);
            }
        }
        sources.sort();
        let mut compiler = protox::Compiler::new([&include])?;
        compiler.include_source_info(true).include_imports(true);
        for source in &sources {
            compiler.open_file(source).with_context(|| format!("compiling {}", source.display()))?;
        }
        Ok(Self::of(&compiler.descriptor_pool()))
    }

    fn of(pool: &DescriptorPool) -> Self {
        let files: Vec<FileDescriptor> = pool.files().filter(|file| file.package_name() == PACKAGE).collect();
        let services = files.iter().flat_map(FileDescriptor::services);
        let methods = services.flat_map(|service| service.methods().collect::<Vec<_>>()).map(|method| {
            let stream = |is: bool, message: &MessageDescriptor| {
                format!("{}{}", if is { "stream " } else { "" }, message.name())
            };
            Method {
                name: method.name().to_owned(),
                request: stream(method.is_client_streaming(), &method.input()),
                reply: stream(method.is_server_streaming(), &method.output()),
            }
        });
        let methods = methods.collect();
        let mut files: Vec<File> = files.iter().map(file).filter(|file| !file.types.is_empty()).collect();
        files.sort_by(|a, b| a.name.cmp(&b.name));
        Self { files, methods }
    }
}

fn file(file: &FileDescriptor) -> File {
    let messages = file.messages().map(|message| (line(file, message.path()), message_type(file, &message)));
    let enums = file.enums().map(|kind| (line(file, kind.path()), enum_type(file, &kind)));
    let mut types: Vec<(i32, Type)> = messages.chain(enums).collect();
    types.sort_by_key(|(line, _)| *line);
    let name = file.name().rsplit('/').next().unwrap_or_default().trim_end_matches(".proto").to_owned();
    File { name, types: types.into_iter().map(|(_, kind)| kind).collect() }
}

fn message_type(file: &FileDescriptor, message: &MessageDescriptor) -> Type {
    let mut members: Vec<Member> = message
        .fields()
        .map(|field| {
            let oneof = field.containing_oneof().filter(|oneof| !oneof.is_synthetic());
            let within = match oneof {
                Some(oneof) => format!("{}: ", oneof.name()),
                None if field.is_list() => "repeated ".to_owned(),
                None if field.field_descriptor_proto().proto3_optional() => "optional ".to_owned(),
                None => String::new(),
            };
            Member {
                name: field.name().to_owned(),
                number: i64::from(field.number()),
                kind: within + &kind(&field.kind()),
                comment: comment(file, field.path()),
            }
        })
        .collect();
    members.sort_by_key(|member| member.number);
    Type { name: message.name().to_owned(), comment: comment(file, message.path()), members }
}

fn enum_type(file: &FileDescriptor, kind: &EnumDescriptor) -> Type {
    let members = kind.values().map(|value| Member {
        name: value.name().to_owned(),
        number: i64::from(value.number()),
        kind: String::new(),
        comment: comment(file, value.path()),
    });
    let mut members: Vec<Member> = members.collect();
    members.sort_by_key(|member| member.number);
    Type { name: kind.name().to_owned(), comment: comment(file, kind.path()), members }
}

fn kind(kind: &Kind) -> String {
    match kind {
        Kind::Message(message) => message.name().to_owned(),
        Kind::Enum(kind) => kind.name().to_owned(),
        other => format!("{other:?}").to_lowercase(),
    }
}

/// The comment before what stands at `path`, on one line.
pub(crate) fn comment(file: &FileDescriptor, path: &[i32]) -> String {
    let info = file.file_descriptor_proto().source_code_info.as_ref();
    let location = info.and_then(|info| info.location.iter().find(|location| location.path == path));
    let text = location.map(|location| location.leading_comments()).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn line(file: &FileDescriptor, path: &[i32]) -> i32 {
    let info = file.file_descriptor_proto().source_code_info.as_ref();
    let location = info.and_then(|info| info.location.iter().find(|location| location.path == path));
    location.and_then(|location| location.span.first().copied()).unwrap_or_default()
}
