"""What benchmarks/data.py measures: streams of batches over a folder of images."""
