"""A converted model with weights of 8 bits: half the size, and faster where the processor multiplies bytes (VNNI).

Written out, since it is one rule: each row of a matrix of weights has the scale of its largest. NNCF, which does this and
much more, would bring scikit-learn and networkx into every installation.
"""

from pathlib import Path

import numpy as np

_LEAST_WEIGHTS = 4096  # a smaller matrix costs nothing as it is


def quantise(exact: Path, target: Path) -> int:
    """Writes the model `exact` (XML) to `target` with the weights of its matrix products as bytes; how many there are."""
    import openvino
    from openvino import opset13 as ops

    model = openvino.Core().read_model(exact)
    count = 0
    for node in model.get_ordered_ops():
        if node.get_type_name() != "MatMul":
            continue
        constant = node.input_value(1).get_node()
        if constant.get_type_name() != "Constant" or constant.get_output_element_type(0) != openvino.Type.f32:
            continue
        weights = constant.get_data()
        if weights.ndim != 2 or weights.size < _LEAST_WEIGHTS:
            continue
        axis = 1 if node.get_attributes()["transpose_b"] else 0
        scale = np.abs(weights).max(axis=axis, keepdims=True) / 127
        scale[scale == 0] = 1
        small = np.clip(np.rint(weights / scale), -127, 127).astype(np.int8)
        # This very pattern is what OpenVINO takes for compressed weights.
        restored = ops.multiply(ops.convert(ops.constant(small), "f32"), ops.constant(scale.astype(np.float32)))
        node.input(1).replace_source_output(restored.output(0))
        count += 1
    model.validate_nodes_and_infer_types()
    openvino.save_model(model, target, compress_to_fp16=False)
    return count
