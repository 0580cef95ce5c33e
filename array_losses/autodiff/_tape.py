"""Reverse-mode differentiation of any function written to the Python Array API standard.

The idea in five sentences. A `TapeArray` wraps an array and is one itself: it answers to the operators and,
through its namespace, to the functions of the standard. Each function that it meets is computed on the
wrapped arrays and written down in a `Trace`, together with its derivative rule: for each argument a function
that turns the gradient of the output into the gradient of that argument. When the outermost function has
returned a number, the trace is read backwards, and every gradient is handed on from output to arguments. The
rules, most of them one line long, stand in `_rules_elementwise`, `_rules_reduce` and `_rules_shape`. A
function without a rule raises `NotImplementedError`; it never yields a silent zero.

Derivatives of derivatives need one idea more, levels. Each call of `value_and_grad` opens a trace with a
higher level than all before. An array of level n wraps an array of a lower level; level 0 is a constant and
wraps an array of the library. An operation belongs to the highest level among its arguments: that layer is
taken off, the operation is applied to what is inside (which may put it on a lower trace, too), and the result
is recorded. The rule works with the inner arrays, so that what it computes is differentiable itself.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from types import ModuleType
from typing import Any, cast

from .._array import WRAPPERS, is_numpy, namespace, total_of
from ._rules import COMPOSED, NOT_DIFFERENTIABLE, RULES, VALUES

Array = Any
Vjp = Callable[[Any], Any]

_NUMBERS = (int, float, complex)
_STATIC = (int, float, str, type(None))
_CONTAINERS = (dict, list, tuple)
_levels = itertools.count(1)


Edge = tuple[int, Vjp, tuple[int, ...], Any]
"""The way from the output of an operation back to one of its arguments: its node, its shape and its dtype."""


class Trace:
    """The operations of one call of `value_and_grad` in the order in which they happened, leaves first."""

    def __init__(self) -> None:
        self.level = next(_levels)
        self.nodes: list[tuple[Sequence[Edge], tuple[int, ...] | None]] = []
        """The edges of each operation, and the shape in which their functions want its gradient; None for any that
        broadcasts to its own."""
        self.leaves = 0
        self.xp: TapeNamespace | None = None
        """That of the leaves."""

    def leaf(self, value: TapeArray) -> TapeArray:
        self.leaves += 1
        self.xp = value.xp
        return self.add(value, (), None)

    def add(self, value: TapeArray, edges: Sequence[Edge], wants: tuple[int, ...] | None) -> TapeArray:
        self.nodes.append((edges, wants))
        return TapeArray(value, value.xp, self, len(self.nodes) - 1)

    def pull_back(self, output: TapeArray) -> dict[int, TapeArray]:
        """The gradient of `output` with respect to each leaf that it depends on. Empties the trace.

        It may be one number for all entries of a leaf.
        """
        gradients: dict[int, Any] = {}
        if output.trace is self:
            gradients[output.index] = TapeArray(_one(output.xp.base, _bare(output)), output.xp)
        while len(self.nodes) > self.leaves:
            edges, wants = self.nodes.pop()
            g = gradients.pop(len(self.nodes), None)
            if g is None:
                continue
            if wants is not None and g.shape != wants:
                g = g.xp.broadcast_to(g, wants)
            for target, vjp, shape, dtype in edges:
                piece = _fit(vjp(g), shape, dtype)
                gradients[target] = gradients[target] + piece if target in gradients else piece
        return gradients


def _same(g: Any) -> Any:
    return g


def _one(base: Any, x: Any) -> Any:
    """A 1 of the dtype of a number."""
    return x.dtype.type(1) if is_numpy(base) else base.ones_like(x)


def _fit(g: TapeArray, shape: tuple[int, ...], dtype: Any) -> TapeArray:
    """Undo broadcasting and promotion: `g` with the shape and dtype of the argument that it belongs to.

    One number stays one, for all entries.
    """
    if g.shape != shape and g.shape != ():
        new = g.ndim - len(shape)
        axes = tuple(i for i in range(g.ndim) if i < new or shape[i - new] == 1 != g.shape[i])
        g = g.xp.reshape(g.xp.sum(g, axis=axes), shape)
    return g if g.dtype == dtype else g.xp.astype(g, dtype)


class TapeArray:
    """An array whose operations are recorded.

    `value` is the array inside: the library's own at level 0, where `trace` is None, a `TapeArray` above.
    """

    __slots__ = ("dtype", "index", "shape", "trace", "value", "xp")

    __array_ufunc__ = None  # NumPy then leaves `ndarray * TapeArray` to us; CuPy looks at the priority
    __array_priority__ = 1e6
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, value: Array, xp: TapeNamespace, trace: Trace | None = None, index: int = -1) -> None:
        self.value = value
        self.xp = xp
        self.trace = trace
        self.index = index
        self.shape: tuple[int, ...] = tuple(value.shape)
        self.dtype = value.dtype

    def __array_namespace__(self, *, api_version: str | None = None) -> TapeNamespace:
        return self.xp

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("an array on the tape does not turn into a NumPy array: its gradient would be lost")

    ndim: int = property(lambda self: len(self.shape))  # type: ignore[assignment]
    size: int = property(lambda self: self.value.size)  # type: ignore[assignment]
    device: Any = property(lambda self: getattr(self.value, "device", None))
    mT: Any = property(lambda self: self.xp.matrix_transpose(self))  # noqa: N815

    @property
    def T(self) -> Any:  # noqa: N802
        if self.ndim != 2:
            raise ValueError(f"x.T needs a 2-D array; got {self.ndim}-D. Use x.mT or permute_dims")
        return self.xp.matrix_transpose(self)

    def __getitem__(self, key: Any) -> TapeArray:
        key = _unwrap(key)
        for part in key if isinstance(key, tuple) else (key,):
            if isinstance(part, bool) or "bool" in str(getattr(part, "dtype", "")):
                raise NotImplementedError("the tape has no boolean indexing; select with `where`")
        return self.xp.call("_getitem", self, key=key)

    def __setitem__(self, key: Any, value: Any) -> None:
        raise TypeError("an array on the tape is immutable; build a new one with `where`, `concat` or `stack`")

    def __len__(self) -> int:
        return len(self.value)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __float__(self) -> float:
        return float(self.value)

    def __int__(self) -> int:
        return int(self.value)

    def __index__(self) -> int:
        return operator.index(self.value)

    def __repr__(self) -> str:
        return f"TapeArray({_unwrap(self)!r}, level={self.trace.level if self.trace else 0})"


WRAPPERS.add(TapeArray)

_UNARY = {"abs": "abs", "invert": "bitwise_invert", "neg": "negative", "pos": "positive"}
_COMPARISONS = {
    "eq": "equal",
    "ge": "greater_equal",
    "gt": "greater",
    "le": "less_equal",
    "lt": "less",
    "ne": "not_equal",
}
_BINARY = {
    "add": "add",
    "and": "bitwise_and",
    "floordiv": "floor_divide",
    "lshift": "bitwise_left_shift",
    "matmul": "matmul",
    "mod": "remainder",
    "mul": "multiply",
    "or": "bitwise_or",
    "pow": "pow",
    "rshift": "bitwise_right_shift",
    "sub": "subtract",
    "truediv": "divide",
    "xor": "bitwise_xor",
}


def _unary(name: str) -> Callable[[TapeArray], Any]:
    return lambda x: getattr(x.xp, name)(x)


def _binary(name: str, swap: bool = False) -> Callable[[TapeArray, Any], Any]:
    def method(x: TapeArray, y: Any) -> Any:
        if not (isinstance(y, (TapeArray, *_NUMBERS)) or _is_array(y)):
            return NotImplemented
        return getattr(x.xp, name)(y, x) if swap else getattr(x.xp, name)(x, y)

    return method


# There are no in-place forms: Python then reads `x += y` as `x = x + y`.
for _operator, _name in _UNARY.items():
    setattr(TapeArray, f"__{_operator}__", _unary(_name))
for _operator, _name in (_BINARY | _COMPARISONS).items():
    setattr(TapeArray, f"__{_operator}__", _binary(_name))
for _operator, _name in _BINARY.items():
    setattr(TapeArray, f"__r{_operator}__", _binary(_name, swap=True))


class TapeNamespace:
    """The standard's functions for arrays on the tape, over the library's own namespace `base`."""

    def __init__(self, base: Any) -> None:
        self.base = base
        self.__name__ = f"array_losses.tape({base.__name__})"

    def __repr__(self) -> str:
        return f"<{self.__name__}>"

    def __getattr__(self, name: str) -> Any:
        """Found here the first time, in the instance from then on."""
        found = self._find(name)
        if not name.startswith("__"):
            setattr(self, name, found)
        return found

    def _find(self, name: str) -> Any:
        if name in COMPOSED:
            return partial(COMPOSED[name], self)
        if name in RULES:
            return partial(self.call, name)
        attribute = getattr(self.base, name)
        if isinstance(attribute, ModuleType):
            raise NotImplementedError(f"the tape does not know the extension {name!r}")
        if name in NOT_DIFFERENTIABLE or (callable(attribute) and not isinstance(attribute, type)):
            return partial(self.constant, name)
        return attribute  # a number, a dtype

    def lift(self, x: Any) -> Any:
        """An array of the library as a constant on the tape; anything else as it is."""
        if isinstance(x, TapeArray):
            if x.xp is self:
                return x
            xp = x.xp
        elif isinstance(x, _NUMBERS) or not _is_array(x):
            return x
        else:
            base = namespace(x)
            x, xp = TapeArray(x, self), self if base is self.base else tape_namespace(base)
        if xp is not self:
            raise TypeError(f"arrays of {self.base.__name__} and {xp.base.__name__} do not mix")
        return x

    def asarray(self, x: Any, *, dtype: Any = None, **options: Any) -> Any:
        if not isinstance(x, TapeArray):
            return self.constant("asarray", x, dtype=dtype, **options)
        return x if dtype is None or dtype == x.dtype else self.astype(x, dtype)

    def call(self, name: str, *args: Any, **params: Any) -> TapeArray:
        """Compute an operation that has a rule, and record it on the highest trace among its arguments."""
        for key, value in params.items():
            if not isinstance(value, _STATIC):
                params[key] = self._without_gradient(name, value)
        return self._apply(name, [self.lift(arg) for arg in args], params)

    def _apply(self, name: str, args: Sequence[Any], params: dict[str, Any]) -> TapeArray:
        trace = _highest(args)
        if trace is None:
            function = partial(VALUES[name], self.base) if name in VALUES else getattr(self.base, name)
            bare = [arg.value if isinstance(arg, TapeArray) else arg for arg in args]
            return TapeArray(function(*bare, **params), self)
        inner = _inside(trace, args)
        output = self._apply(name, inner, params)
        return self.record(trace, output, args, RULES[name](self, output, *inner, **params))

    def total(self, x: Any) -> TapeArray:
        """The sum of all entries, which ends nearly every loss: what `call` would do, by the shortest way."""
        x = self.lift(x)
        if not isinstance(x, TapeArray):  # a float64 of NumPy is a Python number as well
            return TapeArray(total_of(self.base, x), self)
        if x.trace is None:
            return TapeArray(total_of(self.base, x.value), self)
        trace: Trace = x.trace
        return trace.add(self.total(x.value), ((x.index, _same, x.shape, x.dtype),), None)

    def record(
        self,
        trace: Trace,
        output: TapeArray,
        args: Sequence[Any],
        vjps: Sequence[Vjp | None],
        any_shape: bool = False,
    ) -> TapeArray:
        """Note an operation. With `any_shape` its rule takes gradients that broadcast to the shape of its output."""
        if not _is_floating(self.base, output.dtype):
            return output
        edges = [
            (arg.index, vjp, arg.shape, arg.dtype)
            for arg, vjp in zip(args, vjps, strict=False)
            if vjp and isinstance(arg, TapeArray) and arg.trace is trace
        ]
        return trace.add(output, edges, None if any_shape else output.shape) if edges else output

    def constant(self, name: str, *args: Any, **params: Any) -> Any:
        """Compute a function without a rule: it has no derivative, or its arguments are constants."""
        if name in NOT_DIFFERENTIABLE:
            args, params = _unwrap(args), _unwrap(params)
        else:
            args, params = self._without_gradient(name, args), self._without_gradient(name, params)
        result = getattr(self.base, name)(*args, **params)
        return _map(self._wrapped, result)

    def _wrapped(self, x: Any) -> Any:
        return TapeArray(x, self) if _is_array(x) else x

    def _without_gradient(self, name: str, tree: Any) -> Any:
        if isinstance(tree, _CONTAINERS) and not tree:
            return tree
        if any(isinstance(leaf, TapeArray) and leaf.trace for leaf in _leaves(tree)):
            raise NotImplementedError(f"the tape has no derivative rule for this use of {name.lstrip('_')!r}")
        return _unwrap(tree)


@cache
def tape_namespace(base: Any) -> TapeNamespace:
    return TapeNamespace(base)


@cache
def _is_floating(base: Any, dtype: Any) -> bool:
    if base.isdtype(dtype, "complex floating"):
        raise NotImplementedError("the tape differentiates real functions only; got complex numbers")
    return bool(base.isdtype(dtype, "real floating"))


def _is_array(x: Any) -> bool:
    return hasattr(x, "dtype") and hasattr(x, "shape") and not isinstance(x, type)


def _highest(args: Sequence[Any]) -> Trace | None:
    found: Trace | None = None
    for arg in args:
        if isinstance(arg, TapeArray) and arg.trace and (found is None or arg.trace.level > found.level):
            found = arg.trace
    return found


def _inside(trace: Trace, args: Sequence[Any]) -> list[Any]:
    """The arguments with the layer of this trace taken off."""
    return [arg.value if isinstance(arg, TapeArray) and arg.trace is trace else arg for arg in args]


def _map(function: Callable[[Any], Any], tree: Any) -> Any:
    """Apply a function to the leaves of nested lists, tuples and dicts."""
    if not isinstance(tree, _CONTAINERS):
        return function(tree)
    if isinstance(tree, dict):
        return {key: _map(function, branch) for key, branch in tree.items()}
    branches = [_map(function, branch) for branch in tree]
    return type(tree)(*branches) if hasattr(tree, "_fields") else type(tree)(branches)


def _leaves(tree: Any) -> Iterator[Any]:
    if isinstance(tree, _CONTAINERS):
        for branch in tree.values() if isinstance(tree, dict) else tree:
            yield from _leaves(branch)
    else:
        yield tree


def _has_tape(tree: Any) -> bool:
    """Whether any array in nested lists, tuples and dicts is on a tape."""
    if not isinstance(tree, _CONTAINERS):
        return isinstance(tree, TapeArray)
    return True in [_has_tape(branch) for branch in (tree.values() if isinstance(tree, dict) else tree)]


def _unwrap(tree: Any) -> Any:
    """The library's own arrays, under all levels."""
    return _map(_bare, tree)


def _bare(x: Any) -> Any:
    while isinstance(x, TapeArray):
        x = x.value
    return x


def on_tape(*arrays: Any) -> bool:
    """Whether any of these is an array on the tape."""
    return any(isinstance(x, TapeArray) for x in arrays)


def stop_gradient(x: Any) -> Any:
    """The same array as a constant, for the derivatives of all levels."""
    return TapeArray(_unwrap(x), x.xp) if isinstance(x, TapeArray) else x


def plain(x: TapeArray) -> Any:
    """The array of the library inside."""
    return _unwrap(x)


def custom(
    function: Callable[..., tuple[Any, Sequence[Vjp | None]]], arrays: Sequence[Any], any_shape: bool = False
) -> Any:
    """Record a function that knows its own derivatives as one operation.

    `function(*arrays, wanted=...)` gets the arrays inside the highest level (the library's own, if that was
    the only one) and a tuple of bools that says which of them are differentiated. It returns its value and,
    for each array, a function from the gradient of the value to the gradient of that array, or None. If the
    arrays it gets are on the tape themselves, both are differentiated like any other code. With `any_shape`
    the gradient of the value may be any that broadcasts to its shape.
    """
    xp: TapeNamespace | None = None
    for x in arrays:
        if isinstance(x, TapeArray):
            xp = x.xp
    if xp is None:
        return function(*arrays, wanted=(False,) * len(arrays))[0]
    trace = _highest(arrays)
    wanted = tuple([trace is not None and isinstance(x, TapeArray) and x.trace is trace for x in arrays])
    inner = [x.value if want else x for x, want in zip(arrays, wanted)]
    bare = _highest(inner) is None
    value, vjps = function(*[_bare(x) if bare else xp.lift(x) for x in inner], wanted=wanted)
    value = value if isinstance(value, TapeArray) else TapeArray(value, xp)
    if trace is None:
        return value

    def pull_back(i: int, vjp: Vjp, g: TapeArray) -> Any:
        if not bare:
            return xp.lift(vjp(g))
        if g.trace is None:
            return TapeArray(vjp(g.value), xp)
        # The gradient is on a lower tape, the arrays were bare: lift them, and ask again.
        again = function(*[xp.lift(x) for x in inner], wanted=wanted)[1]
        return xp.lift(cast(Vjp, again[i])(g))

    vjps = [vjp and partial(pull_back, i, vjp) for i, vjp in enumerate(vjps)]
    return xp.record(trace, value, arrays, vjps, any_shape)


def value_and_grad(
    fun: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False
) -> Callable[..., tuple[Any, Any]]:
    """A function like `fun` that returns `(value, gradient)`, or `((value, aux), gradient)` with `has_aux`.

    The differentiated arguments are arrays or nested lists, tuples and dicts of arrays, and so is the
    gradient; it is a tuple if `argnums` is one. All other arrays among the arguments become constants.
    """

    def differentiated(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        chosen = [_position(n, len(args)) for n in ((argnums,) if isinstance(argnums, int) else argnums)]
        nested = _has_tape(args) or (bool(kwargs) and _has_tape(kwargs))
        trace = Trace()
        given = list(args)
        for n in chosen:
            given[n] = _map(partial(_leaf, trace, n), args[n])
        leaves = [given[n] for n in chosen]
        xp = trace.xp
        if xp is None:
            raise TypeError(f"argument {chosen[0] if chosen else argnums} holds no array to differentiate")

        # `fun` gets containers of its own, which it may change.
        lifted = _map(xp.lift, kwargs) if kwargs else {}
        result = fun(*[_map(xp.lift, arg) for arg in given], **lifted)
        value, aux = result if has_aux else (result, None)
        value = _number(xp, value)
        gradients = trace.pull_back(value)

        def finish(x: Any) -> Any:
            if not isinstance(x, TapeArray):
                return x
            x = x.value if x.trace is trace else x
            return x if nested or x.trace else x.value

        def gradient(leaf: TapeArray) -> Any:
            if leaf.index not in gradients:
                return finish(xp.zeros_like(leaf.value))
            g = gradients[leaf.index]
            return finish(g if g.shape == leaf.shape else xp.broadcast_to(g, leaf.shape))

        found = tuple([_map(gradient, leaf) for leaf in leaves])
        answer = (finish(value), _map(finish, aux)) if has_aux else finish(value)
        return answer, found[0] if isinstance(argnums, int) else found

    return differentiated


def _position(number: int, count: int) -> int:
    if not -count <= number < count:
        raise ValueError(f"argnums names argument {number}, but there are {count} positional arguments")
    return number % count


def _leaf(trace: Trace, number: int, x: Any) -> TapeArray:
    if not _is_array(x):
        raise TypeError(f"argument {number} must hold floating-point arrays; got {type(x).__name__}")
    xp = x.xp if isinstance(x, TapeArray) else tape_namespace(namespace(x))
    if not _is_floating(xp.base, x.dtype):
        raise TypeError(f"argument {number} must hold floating-point arrays; got dtype {x.dtype}")
    return trace.leaf(x if isinstance(x, TapeArray) else TapeArray(x, xp))


def _number(xp: TapeNamespace, value: Any) -> TapeArray:
    """The function's result, checked."""
    if not _is_array(value):
        raise TypeError(f"the function must return a 0-d array of floating dtype; got {type(value).__name__}")
    number = value if isinstance(value, TapeArray) else TapeArray(value, xp)
    if number.shape != ():
        raise ValueError(f"the function must return a 0-d array; got shape {number.shape}")
    if not _is_floating(xp.base, number.dtype):
        raise TypeError(f"the function must return an array of floating dtype; got dtype {number.dtype}")
    return number
