"""Stories: what people do, told once and lived on three platforms and with two presets."""
