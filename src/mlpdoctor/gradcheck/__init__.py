"""Hand-written networks: whether the gradient in the code is that of its loss, and if not, by which mistake."""

from mlpdoctor.core.callable_room import callable_as

callable_as(__name__, "mlpdoctor.api.gradcheck")
