"""Readers of training histories: CSV, JSON, console logs, TensorBoard, Keras Tuner, MLflow."""
