#!/usr/bin/env python3
"""Measures PyTorch's own context parallelism on the GPUs of one host; compare.py starts it under torchrun.

    torchrun --standalone --nproc-per-node 2 context_parallel.py attention --out peer.jsonl --tokens 16384 65536
    torchrun --standalone --nproc-per-node 2 context_parallel.py training --out peer.jsonl --tokens 65536

`attention` runs torch.distributed.tensor.experimental.context_parallel around scaled_dot_product_attention: causal, 32 heads of
128 in bf16, forward and backward, with each way of moving keys and values that this PyTorch has (all-to-all, all-gather).

`training` runs steps of a model of Llama 7B's shape, written below: FSDP2 over all ranks with fp32 masters, bf16 computation and
fp32 sums of gradients, every block checkpointed, context parallelism over the same ranks, the loss in pieces, fused AdamW. It
runs eagerly, without torch.compile.

Nothing is timed before it was compared with float64 or float32 on fresh random numbers, and memory that results will lie in is
filled with NaN before. Times are between CUDA events; a repeat is the maximum over ranks, the result the median over repeats.

Rank 0 appends one JSON object a result to --out. Exit code 1: a comparison failed.
"""

import argparse
import contextlib
import json
import math
import os
import statistics
import sys
import time

import torch
import torch.distributed as dist
import torch.nn as nn
import torch.nn.functional as F
from torch.distributed.device_mesh import init_device_mesh
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.checkpoint import checkpoint

HEADS = 32
HEAD_SIZE = 128
LARGEST_ERROR = 1e-2  # |x - reference| / |reference| (Euclidean) in bf16, whose rounding alone makes 2e-3 to 4e-3
LARGEST_LOSS_ERROR = 1e-2
LARGEST_GRADIENT_ERROR = 1e-1  # of a parameter; bf16 alone makes 2e-2 to 4e-2 of the small model's, a wrong exchange about 1
SHORTEST_REPEAT_MS = 50.0  # as bench attention: a repeat is as many passes as last so long
BACKENDS = {"cudnn": SDPBackend.CUDNN_ATTENTION, "flash": SDPBackend.FLASH_ATTENTION}
DEVICE = "cuda"


def context_parallel_functions():
    """Returns context_parallel and set_rotate_method, or None for the latter; both have moved between versions."""
    from torch.distributed.tensor import experimental

    context_parallel = getattr(experimental, "context_parallel", None)
    rotate = None
    for name in ("_context_parallel._attention", "_attention"):
        try:
            module = __import__(f"{experimental.__name__}.{name}", fromlist=["context_parallel"])
        except ImportError:
            continue
        context_parallel = context_parallel or getattr(module, "context_parallel", None)
        rotate = rotate or getattr(module, "set_rotate_method", None)
    if context_parallel is None:
        raise ImportError(f"PyTorch {torch.__version__} has no context_parallel")
    return context_parallel, rotate


class Host:
    """The ranks of this run: says, measures and agrees over all of them."""

    def __init__(self, out):
        self.rank = int(os.environ["RANK"])
        self.size = int(os.environ["WORLD_SIZE"])
        self.local = int(os.environ.get("LOCAL_RANK", self.rank))
        self.device = torch.device(DEVICE, self.local) if DEVICE == "cuda" else torch.device(DEVICE)
        self.began = time.monotonic()
        self.out = out
        if DEVICE == "cuda":
            torch.cuda.set_device(self.device)
            dist.init_process_group("nccl", device_id=self.device)
        else:
            dist.init_process_group("gloo")
        self.mesh = init_device_mesh(DEVICE, (self.size,), mesh_dim_names=("cp",))
        self.context_parallel, self.set_rotate_method = context_parallel_functions()

    def say(self, text):
        if self.rank == 0:
            print(f"[{time.monotonic() - self.began:5.1f} s] {text}", flush=True)

    def detail(self, text):
        if os.environ.get("PEERS_DETAILS"):
            self.say(text)

    def write(self, **result):
        if self.rank == 0:
            with open(self.out, "a", encoding="utf-8") as file:
                file.write(json.dumps(result) + "\n")

    def synchronize(self):
        if DEVICE == "cuda":
            torch.cuda.synchronize()

    def barrier(self):
        self.synchronize()
        dist.barrier()
        self.synchronize()

    def over_ranks(self, value, operation):
        tensor = torch.tensor([value], dtype=torch.float64, device=self.device)
        dist.all_reduce(tensor, op=operation)
        return tensor.item()

    def maximum(self, value):
        return self.over_ranks(value, dist.ReduceOp.MAX)

    def total(self, value):
        return self.over_ranks(value, dist.ReduceOp.SUM)

    def milliseconds(self, work, passes=1):
        """Returns the milliseconds of a pass of the slowest rank; all ranks begin together."""
        self.barrier()
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        for _ in range(passes):
            work()
        end.record()
        end.synchronize()
        return self.maximum(begin.elapsed_time(end) / passes)

    def repeats(self, work, warmup, repeats, rest):
        """Returns the milliseconds of a pass in each repeat, after passes that do not count."""
        once = min(self.milliseconds(work) for _ in range(max(1, warmup)))
        passes = max(1, math.ceil(SHORTEST_REPEAT_MS / once))
        times = []
        for _ in range(repeats):
            time.sleep(rest)
            times.append(self.milliseconds(work, passes))
        return times

    def rotations(self):
        return ("alltoall", "allgather") if self.set_rotate_method else ("allgather",)

    def rotate(self, method):
        if self.set_rotate_method:
            self.set_rotate_method(method)

    def poison(self, size_bytes):
        """Fills free memory with NaN and frees it: a result that is not written will be NaN."""
        torch.full((size_bytes // 2,), math.nan, dtype=torch.bfloat16, device=self.device)  # two of them are an fp32 NaN
        self.synchronize()


def attention(query, key, value):
    return F.scaled_dot_product_attention(query, key, value, is_causal=True)  # context_parallel replaces F's


def random_problem(host, tokens, heads, seed):
    """Returns query, key, value and the gradient of the output: the same on every rank, [1, heads, tokens, head size]."""
    generator = torch.Generator(device=host.device).manual_seed(seed)
    return [
        torch.randn(1, heads, tokens, HEAD_SIZE, generator=generator, device=host.device, dtype=torch.bfloat16)
        for _ in range(4)
    ]


@contextlib.contextmanager
def sharded(host, tensors, dimensions):
    """In it the tensors are this rank's parts of themselves, and attention is context parallel."""
    with host.context_parallel(
        host.mesh, buffers=list(tensors), buffer_seq_dims=list(dimensions), no_restore_buffers=set(tensors)
    ):
        yield


def exact_attention(query, key, value, gradient):
    """Returns output and gradients of causal attention in float64, head by head."""
    results = []
    for head in range(query.shape[1]):
        q, k, v = (x[0, head].double().requires_grad_() for x in (query, key, value))
        scores = q @ k.T / math.sqrt(HEAD_SIZE)
        hidden = torch.ones(scores.shape, dtype=torch.bool, device=scores.device).triu(1)
        output = scores.masked_fill(hidden, -math.inf).softmax(-1) @ v
        results.append((output, *torch.autograd.grad(output, (q, k, v), gradient[0, head].double())))
    return [torch.stack([result[i].detach() for result in results])[None] for i in range(4)]


def check_attention(host, method, backend, seed, tokens=2048, heads=4):
    """Returns the largest relative error of output and gradients, over ranks; NaN if anything is not a number."""
    problem = random_problem(host, tokens, heads, seed)
    reference = exact_attention(*problem)
    positions = torch.arange(tokens, device=host.device)
    host.rotate(method)
    host.poison(64 << 20)
    with sharded(host, (*problem, positions), (2, 2, 2, 2, 0)), sdpa_kernel(BACKENDS[backend]):
        query, key, value, gradient = problem
        for tensor in (query, key, value):
            tensor.requires_grad_()
        output = attention(query, key, value)
        results = (output, *torch.autograd.grad(output, (query, key, value), gradient))
        worst = 0.0
        for result, exact in zip(results, reference):
            exact = exact.index_select(2, positions)
            difference = host.total((result.detach().double() - exact).square().sum().item())
            worst = max_or_nan(worst, math.sqrt(difference / host.total(exact.square().sum().item())))
    if host.total(positions.numel()) != tokens:
        return math.nan
    return worst


def max_or_nan(a, b):
    return math.nan if math.isnan(a) or math.isnan(b) else max(a, b)


def sample_error(whole, positions, output, samples=32):
    """Returns the relative error of some rows of this rank's output against float64."""
    query, key, value = whole
    chosen = torch.linspace(0, positions.numel() - 1, samples, device=positions.device).long()
    rows = positions[chosen]
    difference = size = 0.0
    for head in range(query.shape[1]):
        scores = query[0, head, rows].double() @ key[0, head].double().T / math.sqrt(HEAD_SIZE)
        hidden = torch.arange(key.shape[2], device=rows.device)[None, :] > rows[:, None]
        exact = scores.masked_fill(hidden, -math.inf).softmax(-1) @ value[0, head].double()
        difference += (output[0, head, chosen].double() - exact).square().sum().item()
        size += exact.square().sum().item()
    return math.sqrt(difference / size)


def working_backend(host, method, seed):
    """Returns the first backend that computes what float64 does, and its error; None if none does."""
    for backend in BACKENDS:
        try:
            error = check_attention(host, method, backend, seed)
        except (RuntimeError, NotImplementedError, AssertionError) as problem:
            host.say(f"{method}, {backend}: {first_line(problem)}")
            error = math.nan
        host.say(f"{method}, {backend}: error against float64 {error:.2e}, {LARGEST_ERROR:.0e} allowed")
        if host.maximum(0.0 if error <= LARGEST_ERROR else 1.0) == 0.0:
            return backend, error
    return None, math.nan


def run_attention(host, options):
    passed = True
    for method in host.rotations():
        seed = int(host.maximum(time.time_ns() % (1 << 31)))  # fresh every time, the same on all ranks
        backend, error = working_backend(host, method, seed)
        if backend is None:
            passed = False
            continue
        for tokens in options.tokens:
            problem = random_problem(host, tokens, HEADS, seed + 1)
            whole = [tensor.clone() for tensor in problem[:3]]
            positions = torch.arange(tokens, device=host.device)
            with sharded(host, (*problem, positions), (2, 2, 2, 2, 0)), sdpa_kernel(BACKENDS[backend]):
                query, key, value, gradient = problem
                for tensor in (query, key, value):
                    tensor.requires_grad_()
                kept = {}

                def step():
                    kept["output"] = attention(query, key, value)
                    kept["gradients"] = torch.autograd.grad(kept["output"], (query, key, value), gradient)

                host.poison(256 << 20)
                times = host.repeats(step, options.warmup, options.repeats, options.rest)
                finite = all(bool(x.isfinite().all()) for x in (kept["output"], *kept["gradients"]))
                sampled = host.maximum(sample_error(whole, positions, kept["output"].detach()) if finite else 1.0)
            del problem, whole, query, key, value, gradient, kept
            if not sampled <= LARGEST_ERROR:
                host.say(f"attention, {tokens} tokens, {method}: FAILED, error of the timed output {sampled:.2e}")
                passed = False
                continue
            milliseconds = statistics.median(times)
            flops = 3.5 * 2 * tokens**2 * HEADS * HEAD_SIZE  # causal, backward 2.5 times the forward
            rate = flops / host.size / milliseconds / 1e9
            host.say(f"attention, {tokens} tokens, {method}, {backend}: {milliseconds:.3f} ms, {rate:.1f} TFLOP/s a GPU")
            host.write(
                work="attention", tokens=tokens, ranks=host.size, rotation=method, backend=backend, value=rate,
                times_ms=times, error=error, sampled_error=sampled,
            )
    return passed


class Shape:
    """The sizes of a model; those of Llama 7B by default."""

    def __init__(self, hidden=4096, inner=11008, layers=32, heads=32, vocabulary=32000):
        self.hidden, self.inner, self.layers, self.heads, self.vocabulary = hidden, inner, layers, heads, vocabulary

    def parameters(self):
        return self.layers * (4 * self.hidden**2 + 3 * self.hidden * self.inner + 2 * self.hidden) + (
            2 * self.vocabulary * self.hidden + self.hidden
        )


def rotated(x, cosine, sine):
    """Returns x [1, heads, tokens, size] with its halves rotated; cosine and sine are [tokens, size]."""
    low, high = x.chunk(2, dim=-1)
    return x * cosine + torch.cat((-high, low), dim=-1) * sine


class Norm(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(hidden))

    def forward(self, x):
        return F.rms_norm(x, (x.shape[-1],), self.weight, 1e-5)


class Block(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.heads = shape.heads
        self.attention_norm, self.feed_forward_norm = Norm(shape.hidden), Norm(shape.hidden)
        self.q, self.k, self.v, self.o = (nn.Linear(shape.hidden, shape.hidden, bias=False) for _ in range(4))
        self.gate, self.up = (nn.Linear(shape.hidden, shape.inner, bias=False) for _ in range(2))
        self.down = nn.Linear(shape.inner, shape.hidden, bias=False)

    def forward(self, x, cosine, sine):
        y = self.attention_norm(x)
        query, key, value = (p(y).unflatten(-1, (self.heads, -1)).transpose(1, 2) for p in (self.q, self.k, self.v))
        output = attention(rotated(query, cosine, sine), rotated(key, cosine, sine), value)
        x = x + self.o(output.transpose(1, 2).flatten(2))
        y = self.feed_forward_norm(x)
        return x + self.down(F.silu(self.gate(y)) * self.up(y))


class Llama(nn.Module):
    """Its forward returns the mean loss of the tokens that this rank holds."""

    def __init__(self, shape, piece=4096):
        super().__init__()
        self.piece = piece  # tokens whose logits exist at a time
        self.embedding = nn.Embedding(shape.vocabulary, shape.hidden)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = Norm(shape.hidden)
        self.head = nn.Linear(shape.hidden, shape.vocabulary, bias=False)

    def loss(self, x, labels):
        return F.cross_entropy(self.head(x).float(), labels, reduction="sum")

    def forward(self, tokens, labels, cosine, sine):
        x = self.embedding(tokens)
        cosine, sine = cosine.to(x.dtype), sine.to(x.dtype)
        for block in self.blocks:
            x = block(x, cosine, sine)
        x = self.norm(x).flatten(0, 1)
        labels = labels.flatten()
        total = 0.0
        for rows, wanted in zip(x.split(self.piece), labels.split(self.piece)):
            total = total + checkpoint(self.loss, rows, wanted, use_reentrant=False, preserve_rng_state=False)
        return total / labels.numel()


def initialise(model, seed):
    """Fills the parameters that this rank holds; ranks hold different parts, so their seeds differ."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            local = parameter.to_local() if hasattr(parameter, "to_local") else parameter
            if "norm" in name:
                local.fill_(1.0)
            else:
                local.normal_(0.0, 0.02)


def tables(host, tokens, size):
    frequencies = 10000.0 ** (-torch.arange(0, size, 2, dtype=torch.float64, device=host.device) / size)
    angles = torch.outer(torch.arange(tokens, dtype=torch.float64, device=host.device), frequencies)
    angles = torch.cat((angles, angles), dim=-1)
    return angles.cos().float(), angles.sin().float()


def batch(host, shape, tokens, seed):
    """Returns tokens and labels, [1, tokens], the same on every rank, and the tables of the rotary embedding."""
    generator = torch.Generator(device=host.device).manual_seed(seed)
    text = torch.randint(shape.vocabulary, (1, tokens + 1), generator=generator, device=host.device)
    return [text[:, :-1].contiguous(), text[:, 1:].contiguous(), *tables(host, tokens, shape.hidden // shape.heads)]


def wrapped(host, model):
    """Returns the model with every block checkpointed and its parameters sharded over all ranks (FSDP2)."""
    try:
        from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard
    except ImportError:  # PyTorch 2.5
        from torch.distributed._composable.fsdp import MixedPrecisionPolicy, fully_shard
    from torch.distributed.algorithms._checkpoint.checkpoint_wrapper import checkpoint_wrapper

    policy = MixedPrecisionPolicy(param_dtype=torch.bfloat16, reduce_dtype=torch.float32)
    for i, block in enumerate(model.blocks):
        model.blocks[i] = checkpoint_wrapper(block, preserve_rng_state=False)
        fully_shard(model.blocks[i], mesh=host.mesh, mp_policy=policy)
    fully_shard(model, mesh=host.mesh, mp_policy=policy)
    return model


def loss_and_gradient(host, model, buffers, backend):
    """Returns the loss over all ranks after a forward and a backward, whose gradients stay in the model."""
    with sharded(host, buffers, (1, 1, 0, 0)), sdpa_kernel(BACKENDS[backend]):
        loss = model(*buffers)
        loss.backward()
    return loss.detach()


def check_training(host, backend, seed, tokens=2048):
    """Returns the relative error of the loss, and the largest of a parameter's gradient, of a small model against fp32.

    The model is sharded, checkpointed and context parallel as the large one is; the other is whole, on every rank alone.
    """
    shape = Shape(hidden=512, inner=1376, layers=2, heads=4, vocabulary=4000)
    torch.manual_seed(seed)
    plain = Llama(shape, piece=512).to(host.device)
    initialise(plain, seed)
    buffers = batch(host, shape, tokens, seed)
    exact = plain(*(buffer.clone() for buffer in buffers))
    exact.backward()
    model = Llama(shape, piece=512).to(host.device)
    model.load_state_dict(plain.state_dict())
    model = wrapped(host, model)
    host.poison(64 << 20)
    loss = host.total(loss_and_gradient(host, model, buffers, backend).item()) / host.size
    worst = 0.0
    for (name, reference), parameter in zip(plain.named_parameters(), model.parameters()):
        gradient = parameter.grad.full_tensor() if hasattr(parameter.grad, "full_tensor") else parameter.grad
        error = ((gradient - reference.grad).norm() / reference.grad.norm()).item()
        host.detail(f"gradient of {name}: {error:.2e}")
        worst = max_or_nan(worst, error)
    return abs(loss - exact.item()) / exact.item(), worst


def train(host, shape, tokens, backend, options, seed):
    """Returns the milliseconds of the timed steps, the last loss and the peak of a GPU's memory in GiB."""
    with torch.device("meta"):
        model = Llama(shape)
    model = wrapped(host, model)
    model.to_empty(device=host.device)
    initialise(model, seed + 1 + host.rank)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1.5e-7, betas=(0.9, 0.95), weight_decay=0.1, fused=DEVICE == "cuda")
    latest = {}

    def step():
        latest["loss"] = loss_and_gradient(host, model, batch(host, shape, tokens, seed), backend)
        norm = nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        latest["norm"] = norm.full_tensor() if hasattr(norm, "full_tensor") else norm
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    times = []
    for i in range(options.warmup_steps + options.steps):
        times.append(host.milliseconds(step))
        host.say(f"training, {tokens} tokens: step {i + 1} {times[-1] / 1e3:.3f} s, gradient norm {latest['norm'].item():.3f}")
    loss = host.total(latest["loss"].item()) / host.size
    peak = torch.cuda.max_memory_allocated() / 2**30 if DEVICE == "cuda" else 0.0
    return times[options.warmup_steps :], loss, latest["norm"].item(), host.maximum(peak)


def run_training(host, options):
    passed = True
    method = options.rotation if options.rotation in host.rotations() else host.rotations()[0]
    seed = int(host.maximum(time.time_ns() % (1 << 31)))
    backend, error = working_backend(host, method, seed)
    if backend is None:
        return False
    loss_error, gradient_error = check_training(host, backend, seed)
    host.say(f"small model against fp32: error of the loss {loss_error:.2e}, a gradient {gradient_error:.2e}, {LARGEST_GRADIENT_ERROR:.0e} allowed")
    if not (loss_error <= LARGEST_LOSS_ERROR and gradient_error <= LARGEST_GRADIENT_ERROR):
        host.say("training: FAILED, the small model differs")
        return False
    shape = Shape()
    for tokens in options.tokens:
        if DEVICE == "cuda":
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
        try:
            times, loss, norm, peak = train(host, shape, tokens, backend, options, seed)
        except torch.cuda.OutOfMemoryError as problem:  # on all ranks alike; the process ends, for memory may be held
            host.say(f"training, {tokens} tokens: no room: {first_line(problem)}")
            host.write(work="training-7b", tokens=tokens, ranks=host.size, rotation=method, backend=backend, value=None)
            return passed
        guess = math.log(shape.vocabulary)
        if not (loss <= 1.5 * guess and math.isfinite(norm)):
            host.say(f"training, {tokens} tokens: FAILED, loss {loss}, gradient norm {norm}")
            passed = False
            continue
        seconds = statistics.median(times) / 1e3
        host.say(f"training, {tokens} tokens, {method}: {seconds:.3f} s a step, loss {loss:.3f}, {peak:.1f} GiB")
        host.write(
            work="training-7b", tokens=tokens, ranks=host.size, rotation=method, backend=backend, value=seconds,
            times_ms=times, loss=loss, peak_gib=peak, error=error, loss_error=loss_error, gradient_error=gradient_error,
        )
    return passed


def first_line(problem):
    return (str(problem).strip().splitlines() or [type(problem).__name__])[0][:200]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", choices=("attention", "training"))
    parser.add_argument("--out", required=True, help="file of JSON lines that results are appended to")
    parser.add_argument("--tokens", type=int, nargs="+", required=True, help="tokens over all ranks")
    parser.add_argument("--warmup", type=int, default=2, help="passes of attention before the timed ones")
    parser.add_argument("--repeats", type=int, default=5, help="timed repeats of attention")
    parser.add_argument("--rest", type=float, default=0.0, help="seconds that GPUs idle before each timed repeat")
    parser.add_argument("--rotation", default="alltoall", help="how a training step moves keys and values")
    parser.add_argument("--warmup-steps", type=int, default=1)
    parser.add_argument("--steps", type=int, default=1, help="timed training steps")
    options = parser.parse_args()
    host = Host(options.out)
    passed = run_attention(host, options) if options.work == "attention" else run_training(host, options)
    dist.barrier()
    dist.destroy_process_group()
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
