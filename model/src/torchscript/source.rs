//! The code of a model file in TorchScript's serialized form.

use crate::architecture::Architecture;

/// The classes `Layer` and `Polaris` for an architecture.
pub(super) fn module(architecture: Architecture) -> String {
    let parameters = architecture.parameters();
    let fields: String = parameters
        .iter()
        .filter_map(|parameter| parameter.name.strip_suffix(".weight"))
        .map(|layer| format!("  {layer} : __torch__.Layer\n"))
        .collect();
    let expression = if architecture.expression() {
        "    branch_expression = torch.linear(expression, self.expression.weight, self.expression.bias)\n"
    } else {
        ""
    };
    let region = if architecture.region() {
        "    branch_region = torch.linear(region, self.region.weight, self.region.bias)\n"
    } else {
        ""
    };
    let joined = match (architecture.expression(), architecture.region()) {
        (true, true) => "[dense3, branch_expression, branch_region]",
        (true, false) => "[dense3, branch_expression]",
        (false, true) => "[dense3, branch_region]",
        (false, false) => "[dense3]",
    };
    format!(
        r#"class Layer(Module):
  __parameters__ = ["weight", "bias", ]
  __buffers__ = []
  weight : Tensor
  bias : Tensor
class Polaris(Module):
  __parameters__ = []
  __buffers__ = []
{fields}  def features(self: __torch__.Polaris,
    sequence: Tensor) -> Tensor:
    conv1 = torch.relu(torch.conv1d(sequence, self.conv1.weight, self.conv1.bias))
    pool1 = torch.max_pool1d(conv1, [4])
    return torch.relu(torch.conv1d(pool1, self.conv2.weight, self.conv2.bias))
  def forward(self: __torch__.Polaris,
    sequence: Tensor,
    expression: Tensor,
    region: Tensor) -> Tensor:
    pool2 = torch.max_pool1d((self).features(sequence, ), [4])
    flat = torch.flatten(torch.transpose(pool2, 1, 2), 1)
    weight1 = torch.flatten(self.dense1.weight, 1)
    dense1 = torch.relu(torch.linear(flat, weight1, self.dense1.bias))
    dense2 = torch.relu(torch.linear(dense1, self.dense2.weight, self.dense2.bias))
    dense3 = torch.relu(torch.linear(dense2, self.dense3.weight, self.dense3.bias))
{expression}{region}    joined = torch.cat({joined}, 1)
    return torch.sigmoid(torch.linear(joined, self.output.weight, self.output.bias))
"#
    )
}
