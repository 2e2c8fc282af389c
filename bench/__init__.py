"""What the SDK costs, as ratios to two baselines measured in the same run; ``python -m bench``."""
