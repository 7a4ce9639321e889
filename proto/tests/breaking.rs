//! The contract only grows: what `released.binpb` has, the current one has with the same numbers and types. That file is
//! the descriptor set of the last release, written by `buf build --exclude-source-info -o released.binpb`.

use std::collections::BTreeMap;

use polaris_proto::FILE_DESCRIPTOR_SET;
use prost::Message;
use prost_types::{DescriptorProto, EnumDescriptorProto, FileDescriptorSet};

/// Everything that a caller may rely on, by its full name.
fn facts(set: &FileDescriptorSet) -> BTreeMap<String, String> {
    let mut facts = BTreeMap::new();
    for file in &set.file {
        let package = file.package();
        for message in &file.message_type {
            add_message(&mut facts, package, message);
        }
        for enumeration in &file.enum_type {
            add_enum(&mut facts, package, enumeration);
        }
        for service in &file.service {
            for method in &service.method {
                let fact = format!(
                    "{} {} -> {} {}",
                    method.client_streaming(),
                    method.input_type(),
                    method.server_streaming(),
                    method.output_type()
                );
                facts.insert(format!("{package}.{}/{}", service.name(), method.name()), fact);
            }
        }
    }
    facts
}

fn add_message(facts: &mut BTreeMap<String, String>, parent: &str, message: &DescriptorProto) {
    let name = format!("{parent}.{}", message.name());
    for field in &message.field {
        let one_of = field.oneof_index.and_then(|index| message.oneof_decl.get(index as usize));
        let fact = format!(
            "{} {:?} {:?} {} in {:?}",
            field.number(),
            field.label(),
            field.r#type(),
            field.type_name(),
            one_of.map(|one_of| one_of.name())
        );
        facts.insert(format!("{name}.{}", field.name()), fact);
    }
    for nested in &message.nested_type {
        add_message(facts, &name, nested);
    }
    for enumeration in &message.enum_type {
        add_enum(facts, &name, enumeration);
    }
}

fn add_enum(facts: &mut BTreeMap<String, String>, parent: &str, enumeration: &EnumDescriptorProto) {
    for value in &enumeration.value {
        let name = format!("{parent}.{}.{}", enumeration.name(), value.name());
        facts.insert(name, value.number().to_string());
    }
}

/// What of `before` is no longer there or is another now.
fn broken(before: &FileDescriptorSet, now: &FileDescriptorSet) -> Vec<String> {
    let now = facts(now);
    let changed = |(name, fact): (String, String)| match now.get(&name) {
        Some(found) if *found == fact => None,
        Some(found) => Some(format!("{name}: {fact} is now {found}")),
        None => Some(format!("{name} is gone")),
    };
    facts(before).into_iter().filter_map(changed).collect()
}

#[test]
fn what_was_released_is_still_there() {
    let released = FileDescriptorSet::decode(include_bytes!("../released.binpb").as_slice()).unwrap();
    let current = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap();
    assert!(facts(&released).len() > 100);
    assert_eq!(broken(&released, &current), Vec::<String>::new());
}

#[test]
fn a_change_of_a_number_or_a_missing_method_is_found() {
    let current = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap();
    let mut other = current.clone();
    let file = other.file.iter_mut().find(|file| file.package() == "polaris.v1").unwrap();
    file.message_type.iter_mut().find(|message| message.name() == "Window").unwrap().field[0].number =
        Some(9);
    file.service[0].method.remove(0);
    let found = broken(&current, &other);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("polaris.v1.PolarisService/ListModels is gone"), "{found:?}");
    assert!(found[1].starts_with("polaris.v1.Window.sequence: 1 "), "{found:?}");
}
