"""Treatments, which are changes of a model as data, and trials: training with and without them."""

from mlpdoctor.core.callable_room import callable_as

callable_as(__name__, "mlpdoctor.api.treat")
