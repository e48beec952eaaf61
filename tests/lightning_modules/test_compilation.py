"""`--model.compile`: the same results as without it, and one graph for all widths of a batch."""

from __future__ import annotations

import pickle
from functools import partial

import pytest
import torch
from torch import nn
from torch._dynamo.testing import CompileCounter
from torch._inductor import config as inductor_config

from contracts.batch import TextBatch
from contracts.errors import UsageError
from contracts.text_spec import TextSpec
from lightning_modules.compilation import ForwardPass, find_missing_compiler, pad_to_width, round_up_width
from lightning_modules.encoders.pretrained import Pretrained
from lightning_modules.encoders.rnn import RNN
from lightning_modules.encoders.text_cnn import TextCNN

SPEC = TextSpec("single_label", ("a", "b"), (5, 5), 10, 50, 0, 30)
TINY_BERT = {
    **{"model_type": "bert", "vocab_size": 50, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2},
    **{"intermediate_size": 8, "max_position_embeddings": 30},
}
ENCODERS = {
    "TextCNN": partial(TextCNN, embedding_dim=8, num_filters=4),
    "RNN": partial(RNN, embedding_dim=8, hidden_size=4),
    "Pretrained": partial(Pretrained, config=TINY_BERT, dropout=0.0),
}


def make_batch(texts: int, tokens: int) -> TextBatch:
    ids = torch.randint(1, 50, (texts, tokens), generator=torch.Generator().manual_seed(tokens))
    mask = torch.arange(tokens) < torch.arange(1, texts + 1)[:, None] % (tokens + 1)
    mask[0] = True  # the batch is as wide as its longest text
    lengths = mask.sum(1).numpy()
    return TextBatch(ids, mask, torch.zeros(texts, dtype=torch.int64), torch.arange(texts), lengths=lengths)


@pytest.fixture
def counter(monkeypatch) -> CompileCounter:
    """Counts the graphs that are traced, and runs them without a compiler."""
    torch._dynamo.reset()
    counting = CompileCounter()
    real = torch.compile

    def trace_only(function, dynamic, mode):
        return real(function, backend=counting, dynamic=dynamic)

    monkeypatch.setattr(torch, "compile", trace_only)
    yield counting
    torch._dynamo.reset()


def compute_gradients(forward: ForwardPass, encoder: nn.Module, head: nn.Module, batch: TextBatch) -> list:
    encoder.zero_grad()
    logits = forward(encoder, head, batch)
    logits.square().sum().backward()
    return [logits.detach(), *(parameter.grad.clone() for parameter in encoder.parameters())]


@pytest.mark.parametrize("name", ENCODERS)
def test_one_graph_serves_all_widths_and_changes_no_result(name, counter):
    """Before, no option compiled; `torch.compile` itself would trace anew whenever a width has not occurred yet."""
    torch.manual_seed(0)
    encoder = ENCODERS[name](SPEC)
    head = nn.Linear(encoder.output_dim, 2)
    compiled, plain = ForwardPass(True), ForwardPass()
    compiled.max_length = SPEC.max_length
    frames = None
    for texts, tokens in ((6, 9), (6, 17), (6, 29), (6, 30), (4, 3), (5, 26)):
        batch = make_batch(texts, tokens)
        found = compute_gradients(compiled, encoder, head, batch)
        torch.testing.assert_close(found, compute_gradients(plain, encoder, head, batch))
        frames = frames or counter.frame_count
        assert counter.frame_count == frames, f"{tokens} tokens were traced anew"
    assert frames


def test_evaluation_is_not_compiled(counter):
    """So it computes what `predict.py` computes, and costs no compilation of its own."""
    encoder, batch = ENCODERS["TextCNN"](SPEC), make_batch(3, 5)
    head, forward = nn.Linear(encoder.output_dim, 2), ForwardPass("default")
    encoder.eval()
    evaluated = forward(encoder, head, batch)
    with torch.no_grad():
        encoder.train()
        forward(encoder, head, batch)
    assert counter.frame_count == 0
    torch.testing.assert_close(evaluated, head(encoder(batch.input_ids, batch.attention_mask)))


def test_a_process_is_handed_no_compiled_function(counter):
    encoder = ENCODERS["TextCNN"](SPEC)
    forward = ForwardPass("max-autotune-no-cudagraphs")
    forward(encoder, nn.Linear(encoder.output_dim, 2), make_batch(3, 5))
    copied = pickle.loads(pickle.dumps(forward))
    assert copied.mode == forward.mode
    assert copied._compiled is None
    assert forward._compiled is not None


@pytest.mark.parametrize("to_power_of_two", [False, True])
def test_widths_are_few_and_never_beyond_the_maximum(to_power_of_two):
    """A model with 100 positions would fail at 104 tokens."""
    widths = [round_up_width(tokens, 100, to_power_of_two) for tokens in range(101)]
    assert all(tokens <= width <= 100 for tokens, width in enumerate(widths))
    assert set(widths) == ({16, 32, 64, 100} if to_power_of_two else {*range(8, 100, 8), 100})


def test_padding_has_no_token_and_no_type():
    batch = make_batch(2, 3)._replace(token_type_ids=torch.ones(2, 3, dtype=torch.int64))
    ids, mask, _, _, types, _ = pad_to_width(batch, 8)
    assert ids.shape == mask.shape == types.shape == (2, 8)
    assert torch.equal(ids[:, :3], batch.input_ids)
    assert not mask[:, 3:].any()
    assert pad_to_width(batch, 3) is batch


def test_an_unknown_mode_is_refused():
    with pytest.raises(UsageError, match=r'a mode of torch\.compile \(default, .*got "reduce-overhed".*"reduce-over'):
        ForwardPass("reduce-overhed")


def test_a_machine_without_a_compiler_is_told_before_any_work():
    assert find_missing_compiler("mps") == "a CPU or a CUDA GPU, not the device mps"
    lacking = inductor_config.patch({"cpp.cxx": ("no-such-compiler",)})
    with (
        lacking,
        pytest.raises(UsageError, match=r"--model\.compile needs a C\+\+ compiler .*and there is none; leave"),
    ):
        ForwardPass(True).check_compiler(torch.device("cpu"))
    ForwardPass().check_compiler(torch.device("cpu"))  # nothing to compile
