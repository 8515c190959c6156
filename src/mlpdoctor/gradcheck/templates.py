"""Files to begin with: what ``mlpdoctor gradcheck --example`` writes."""

FUNCTIONS = '''"""Check me with: mlpdoctor gradcheck net.py"""

import numpy as np

rng = np.random.default_rng(0)
x = rng.uniform(-1, 1, (32, 2))  # a few rows are enough
y = np.sin(3 * x[:, :1])

# The arrays that your code trains. They are changed in place, and put back at the end.
W1, b1 = rng.normal(0, 0.7, (2, 10)), np.zeros(10)
W2, b2 = rng.normal(0, 0.3, (10, 1)), np.zeros(1)
parameters = {"W1": W1, "b1": b1, "W2": W2, "b2": b2}
layers = "tanh,linear"  # the activation of each layer: with it, x and y a mistake gets its name


def forward():
    a1 = np.tanh(x @ W1 + b1)
    return a1, a1 @ W2 + b2


def loss():
    """One number, from the present parameters."""
    return np.mean((forward()[-1] - y) ** 2)


def gradients():
    """Your backward pass: an array for each parameter."""
    a1, a2 = forward()
    delta2 = 2 * (a2 - y) / y.size
    delta1 = (delta2 @ W2.T) * (1 - a1**2)
    return {"W1": x.T @ delta1, "b1": delta1.sum(axis=0), "W2": a1.T @ delta2, "b2": delta2.sum(axis=0)}
'''
CLASS = '''"""Check me with: mlpdoctor gradcheck net.py"""

import numpy as np

rng = np.random.default_rng(0)


class Network:
    """Yours goes here, with forward() and a backward() that changes the weights."""

    def __init__(self, sizes):
        self.weights = [rng.normal(0, 1 / np.sqrt(n), (n, m)) for n, m in zip(sizes, sizes[1:])]
        self.biases = [np.zeros((1, m)) for m in sizes[1:]]
        self.learning_rate = 0.01

    def forward(self, x):
        self.outputs = [x]
        for w, b in zip(self.weights, self.biases):
            self.outputs.append(np.tanh(self.outputs[-1] @ w + b))
        return self.outputs[-1]

    def backward(self, y):
        delta = 2 * (self.outputs[-1] - y) / y.size * (1 - self.outputs[-1] ** 2)
        for i in reversed(range(len(self.weights))):
            before = (delta @ self.weights[i].T) * (1 - self.outputs[i] ** 2)
            self.weights[i] -= self.learning_rate * self.outputs[i].T @ delta
            self.biases[i] -= self.learning_rate * delta.sum(axis=0)
            delta = before


net = Network([1, 20, 20, 1])
x = rng.uniform(-1, 1, (32, 1))  # a few rows are enough
y = np.cos(3 * x)

# What is checked. The gradient is read off what one update changes.
parameters = net.weights + net.biases
learning_rate = net.learning_rate
layers = "tanh,tanh,tanh"  # the activation of each layer: with it, x and y a mistake gets its name


def loss():
    """One number, from the present parameters: the loss that training is to make small."""
    return np.mean((net.forward(x) - y) ** 2)


def update():
    """One step of plain gradient descent, on the same rows."""
    net.forward(x)
    net.backward(y)
'''
TEMPLATES = {"functions": FUNCTIONS, "class": CLASS}
