"""The mistakes of a backward pass in words: what is done, and the line of mathematics and of NumPy as it should be."""

from collections.abc import Callable, Sequence

from mlpdoctor.core.gradient_report import Mistake
from mlpdoctor.gradcheck.backward import FUSED, Run
from mlpdoctor.gradcheck.plan import DERIVATIVES, ERRORS, SLOPE_LINES, SLOPE_MISTAKES, Plan
from mlpdoctor.gradcheck.search import factors


def mistakes(run: Run, plan: Plan, names: Sequence[str]) -> tuple[Mistake, ...]:
    """The mistakes of a plan in words, from the output back.

    Args:
        run: for the network and the number of rows.
        plan: the backward pass that gives the user's gradient.
        names: of the parameters.
    """
    told = _Words(run, names)
    return tuple(told.of(slot, value, layers) for (slot, value), layers in plan.grouped().items())


class _Words:
    def __init__(self, run: Run, names: Sequence[str]) -> None:
        self._run, self._names = run, names
        self._by_slot: dict[str, Callable[[object, list[int]], Mistake]] = {
            "error": lambda value, _: self._error(str(value)),
            "average": lambda value, _: self._average(str(value)),
            "slope": lambda value, layers: self._slope(str(value), layers),
            "passing": lambda value, layers: self._passing(str(value), layers),
            "dropout": lambda value, layers: self._dropout(str(value), layers),
            "factor": self._factor,
            "kernel": lambda _, layers: self._transposed(layers),
            "kernel_factor": lambda value, layers: self._one_factor("kernel", value, layers),
            "bias": lambda value, layers: self._bias(str(value), layers),
            "bias_factor": lambda value, layers: self._one_factor("bias", value, layers),
            "l2": lambda value, _: self._l2(str(value)),
        }

    def of(self, slot: str, value: object, layers: list[int]) -> Mistake:
        return self._by_slot[slot](value, layers)

    def _where(self, layers: Sequence[int]) -> str:
        last = self._run.last
        if last and len(layers) == last + 1:
            return "every layer"
        words = ["the output" if layer == last else f"layer {layer + 1}" for layer in sorted(layers, reverse=True)]
        return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"

    def _kernels(self, layers: Sequence[int]) -> str:
        return ", ".join(self._names[self._run.chain.places[layer].kernel] for layer in sorted(layers))

    def _biases(self, layers: Sequence[int]) -> str:
        places = [self._run.chain.places[layer].bias for layer in sorted(layers)]
        return ", ".join(self._names[place] for place in places if place is not None)

    def _error(self, value: str) -> Mistake:
        formula, line = DERIVATIVES[self._run.chain.form.kind]
        output = self._run.chain.activations[-1].name
        scale = self._scale()
        if value == "difference" and (self._run.chain.form.kind, output) not in FUSED:
            return Mistake(
                "error-of-another-loss",
                f"the derivative of the squared error, a - y, is used for the {ERRORS[self._run.chain.form.kind]}",
                formula,
                f"delta = {line}{scale}",
            )
        if value == "difference":
            return Mistake(
                "error-not-fused",
                f"a - y is used as the derivative of the loss by a; it is the one by z, behind {output}, already",
                f"dL/dz = a - y for {output} with this cross-entropy: no slope is multiplied after it",
                f"delta = (a - y){scale}  # and no slope of {output}",
            )
        if value == "ones":
            title, kind = "the derivative of the loss is missing: the error starts as 1", "loss-derivative-missing"
        else:
            squared = " (a - y)**2" if self._run.chain.form.kind == "mse" else ""
            title = f"the loss itself{squared} is used in place of its derivative"
            kind = "loss-not-derived"
        return Mistake(kind, title, formula, f"delta = {line}{scale}")

    def _scale(self) -> str:
        form = self._run.chain.form
        divisor = {"all": " / y.size", "rows": f" / {self._length('y')}", "none": ""}[form.mean]
        return (" / 2" if form.half else "") + divisor

    def _length(self, name: str) -> str:
        return f"{name}.shape[1]" if self._run.chain.columns else f"len({name})"

    def _average(self, value: str) -> Mistake:
        what = "rows and outputs" if value == "all" else "rows"
        when = " after the slope of the output" if value == "after" else ""
        return Mistake(
            "error-averaged",
            f"the error is averaged over the {what} before the backward pass{when}, so every row gets the same one",
            "dL/dW = sum over rows of input[row] * delta[row]: the rows are summed there, and not before",
            f"delta = {DERIVATIVES[self._run.chain.form.kind][1]}{self._scale()}  # one for each row: no np.mean here",
        )

    def _slope(self, value: str, layers: list[int]) -> Mistake:
        name = self._run.chain.activations[layers[0]].name
        kind, title = SLOPE_MISTAKES[value]
        formula, line = SLOPE_LINES.get(name, (f"delta = dL/da * f'(z), f = {name}", f"{name}_slope(z{{l}})"))
        names = sorted({self._run.chain.activations[layer].name for layer in layers})
        place = layers[0] + 1
        numpy = f"delta = {line}" if name == "softmax" else f"delta = delta * {line}"
        title = title.format(f=" and ".join(names), where=self._where(layers))
        return Mistake(kind, title, f"delta = dL/da * f'(z); {formula}" if name != "softmax" else formula,
                       numpy.format(l=place))  # fmt: skip

    def _passing(self, value: str, layers: list[int]) -> Mistake:
        behind = [layer + 1 for layer in layers]
        kernels = self._kernels(behind)
        back = self._back(behind[0])
        if value == "updated":
            return Mistake(
                "weights-updated-first",
                f"the weights are changed before the error passes back through them ({kernels})",
                "dL/da[l-1] = delta[l] @ W[l].T with the W[l] of the forward pass",
                f"{back}  # first, and only then W -= learning_rate * dW",
            )
        return Mistake(
            "kernel-not-transposed",
            f"the error passes back through {kernels} without transposing",
            "dL/da[l-1] = delta[l] @ W[l].T",
            back,
        )

    def _dropout(self, value: str, layers: list[int]) -> Mistake:
        lacking = {
            "missing": "is not used again on the way back",
            "unscaled": "is used without its factor 1 / (1 - rate)",
        }
        return Mistake(
            "dropout-mask",
            f"the dropout mask {lacking[value]}, at {self._where(layers)}",
            "a = mask * f(z), so dL/dz = dL/da * mask * f'(z), with the mask of the forward pass",
            f"delta = delta * masks[{layers[0]}]",
        )

    def _back(self, layer: int) -> str:
        name = self._names[self._run.chain.places[layer].kernel]
        if self._run.chain.columns:
            return f"delta_before = {name}.T @ delta"
        return f"delta_before = delta @ {name}" + ("" if self._run.chain.transposed else ".T")

    def _factor(self, value: object, layers: list[int]) -> Mistake:
        assert isinstance(value, float)  # noqa: S101
        words = factors(self._run.rows, self._run.units)[value]
        if value == -1:
            return Mistake(
                "sign",
                f"the sign of the error is wrong from {self._where(layers)} on: training climbs",
                "W = W - learning_rate * dL/dW, with delta = dL/da = prediction minus target, not target minus it",
                "delta = a - y",
            )
        on = "" if self._run.last in layers else f" from {self._where(layers)} on"
        also = "" if on else "; that alone acts as another learning rate"
        return Mistake(
            "factor",
            f"the gradient is multiplied with {words}{on}{also}",
            f"the loss is the {self._run.chain.form.words}",
            f"delta = {DERIVATIVES[self._run.chain.form.kind][1]}{self._scale()}",
        )

    def _transposed(self, layers: list[int]) -> Mistake:
        return Mistake(
            "kernel-gradient-transposed",
            f"the gradient of {self._kernels(layers)} is transposed",
            "dL/dW[l] = a[l-1].T @ delta[l]",
            self._of_kernel(layers[0]),
        )

    def _of_kernel(self, layer: int) -> str:
        name = self._names[self._run.chain.places[layer].kernel]
        before = "x" if layer == 0 else f"a{layer}"
        if self._run.chain.columns:
            return f"d_{name} = delta @ {before}.T"
        return f"d_{name} = " + (f"delta.T @ {before}" if self._run.chain.transposed else f"{before}.T @ delta")

    def _one_factor(self, what: str, value: object, layers: list[int]) -> Mistake:
        assert isinstance(value, float)  # noqa: S101
        words = factors(self._run.rows, self._run.units)[value]
        names = self._kernels(layers) if what == "kernel" else self._biases(layers)
        other = "bias" if what == "kernel" else "kernel"
        line = self._of_kernel(layers[0]) if what == "kernel" else self._of_bias(layers[0])
        return Mistake(
            f"{what}-factor",
            f"the gradient of {names} alone is multiplied with {words}, that of the {other} is not",
            "dL/dW = a.T @ delta and dL/db = sum over rows of delta, with the same delta",
            line,
        )

    def _of_bias(self, layer: int) -> str:
        axis = 1 if self._run.chain.columns else 0
        return f"d_{self._biases([layer])} = delta.sum(axis={axis})"

    def _bias(self, value: str, layers: list[int]) -> Mistake:
        names = self._biases(layers)
        kind, title = {
            "missing": ("bias-missing", f"the gradient of {names} is missing: it is 0"),
            "total": ("bias-summed", f"the gradient of {names} is summed over the units too, not over the rows alone"),
            "one-row": (
                "bias-one-row",
                f"the gradient of {names} is that of the first row alone, not summed over rows",
            ),
        }[value]
        return Mistake(kind, title, "dL/db = sum over rows of delta", self._of_bias(layers[0]))

    def _l2(self, value: str) -> Mistake:
        form = self._run.chain.form
        title = {
            "missing": "the gradient of the L2 penalty is missing",
            "half": "the gradient of the L2 penalty is half of what it should be",
            "double": "the gradient of the L2 penalty is twice what it should be",
            "biases": "the gradient of the L2 penalty is added to the biases too, which the loss leaves out",
        }[value]
        return Mistake(
            "l2",
            title,
            f"d/dW c * sum(W**2) = 2 * c * W, and here c = {form.l2:.4g}",
            f"dW += {2 * form.l2:.4g} * W",
        )
