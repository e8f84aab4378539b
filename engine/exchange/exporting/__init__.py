"""A checkpoint for other programs: ONNX, torch.export, safetensors, and the reference implementation's files."""
