//! The module object as a protocol 2 pickle, in the few opcodes that libtorch's own writer uses for it.

use crate::architecture::Parameter;
use crate::weights::Weights;

/// An empty tuple: the archive's list of constants.
pub(super) const EMPTY_TUPLE: [u8; 4] = [PROTOCOL, 2, EMPTY_TUPLE_OPCODE, STOP];

const PROTOCOL: u8 = 0x80;
const GLOBAL: u8 = b'c';
const EMPTY_TUPLE_OPCODE: u8 = b')';
const NEW_OBJECT: u8 = 0x81;
const EMPTY_DICTIONARY: u8 = b'}';
const MARK: u8 = b'(';
const SET_ITEMS: u8 = b'u';
const BUILD: u8 = b'b';
const TUPLE: u8 = b't';
const UNICODE: u8 = b'X';
const INTEGER: u8 = b'J';
const FALSE: u8 = 0x89;
const PERSISTENT_ID: u8 = b'Q';
const REDUCE: u8 = b'R';
const STOP: u8 = b'.';

/// The pickle of a module whose layers hold the weights; tensor number i lies in the entry `data/i`.
pub(super) fn module(weights: &Weights) -> Vec<u8> {
    let parameters: Vec<Parameter> = weights.iter().map(|(parameter, _)| parameter).collect();
    let mut out = vec![PROTOCOL, 2];
    object(&mut out, "Polaris");
    // Every layer is a weight followed by its bias.
    for (layer, pair) in parameters.chunks_exact(2).enumerate() {
        let [weight, bias] = pair else { continue };
        let (name, _) = weight.name.split_once('.').unwrap_or((weight.name, ""));
        string(&mut out, name);
        object(&mut out, "Layer");
        string(&mut out, "weight");
        tensor(&mut out, 2 * layer, weight);
        string(&mut out, "bias");
        tensor(&mut out, 2 * layer + 1, bias);
        out.extend([SET_ITEMS, BUILD]);
    }
    out.extend([SET_ITEMS, BUILD, STOP]);
    out
}

/// Opens an object of a class and the dictionary of its attributes.
fn object(out: &mut Vec<u8>, class: &str) {
    global(out, "__torch__", class);
    out.extend([EMPTY_TUPLE_OPCODE, NEW_OBJECT, EMPTY_DICTIONARY, MARK]);
}

fn tensor(out: &mut Vec<u8>, index: usize, parameter: &Parameter) {
    let elements = parameter.elements();
    let mut stride = elements;
    let strides: Vec<usize> = parameter
        .shape
        .iter()
        .map(|size| {
            stride /= size;
            stride
        })
        .collect();
    global(out, "torch._utils", "_rebuild_tensor_v2");
    out.extend([MARK, MARK]);
    string(out, "storage");
    global(out, "torch", "FloatStorage");
    string(out, &index.to_string());
    string(out, "cpu");
    integer(out, elements);
    out.extend([TUPLE, PERSISTENT_ID]);
    integer(out, 0); // offset in the storage
    tuple(out, &parameter.shape);
    tuple(out, &strides);
    out.push(FALSE); // requires_grad
    global(out, "collections", "OrderedDict"); // backward hooks
    out.extend([EMPTY_TUPLE_OPCODE, REDUCE, TUPLE, REDUCE]);
}

fn tuple(out: &mut Vec<u8>, values: &[usize]) {
    out.push(MARK);
    for &value in values {
        integer(out, value);
    }
    out.push(TUPLE);
}

fn global(out: &mut Vec<u8>, module: &str, name: &str) {
    out.push(GLOBAL);
    out.extend_from_slice(module.as_bytes());
    out.push(b'\n');
    out.extend_from_slice(name.as_bytes());
    out.push(b'\n');
}

fn string(out: &mut Vec<u8>, text: &str) {
    out.push(UNICODE);
    out.extend_from_slice(&(text.len() as u32).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

/// Sizes of one network fit the four signed bytes of this opcode many times over.
fn integer(out: &mut Vec<u8>, value: usize) {
    out.push(INTEGER);
    out.extend_from_slice(&(value as u32).to_le_bytes());
}
