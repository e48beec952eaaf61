"""The maximum over windows, against torch's own convolution."""

import pytest
import torch
import torch.nn.functional as F

from lightning_modules.encoders.conv_max_pool import conv_max_pool

BATCH, TOKENS, DIM, FILTERS = 3, 5, 4, 6


def by_convolution(stream, weight):
    """The second formula: each text with what follows it, `conv1d`, and the maximum over its windows."""
    width = weight.shape[1] // DIM
    kernels = weight.view(FILTERS, width, DIM).permute(0, 2, 1)
    ends = [(text + 1) * TOKENS + width - 1 for text in range(BATCH)]
    texts = torch.stack([stream[end - TOKENS - width + 1 : end] for end in ends])
    return F.conv1d(texts.transpose(1, 2), kernels).amax(2)


@pytest.mark.parametrize("width", [1, 2, 3, 7])
def test_values_and_gradients_are_those_of_a_convolution(width):
    rng = torch.Generator().manual_seed(width)
    stream = torch.randn(BATCH * TOKENS + width - 1, DIM, generator=rng, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(FILTERS, width * DIM, generator=rng, dtype=torch.float64, requires_grad=True)
    best, expected = conv_max_pool(stream, weight, BATCH, TOKENS), by_convolution(stream, weight)
    torch.testing.assert_close(best, expected)
    towards = torch.randn(best.shape, generator=rng, dtype=torch.float64) * (best > 1)  # with exact zeros, as from ReLU
    gradients = torch.autograd.grad(best, (stream, weight), towards)
    torch.testing.assert_close(gradients, torch.autograd.grad(expected, (stream, weight), towards))


def test_no_gradient_at_all_is_no_trouble():
    stream, weight = torch.randn(16, DIM, requires_grad=True), torch.randn(FILTERS, 2 * DIM, requires_grad=True)
    conv_max_pool(stream, weight, BATCH, TOKENS).backward(torch.zeros(BATCH, FILTERS))
    assert not stream.grad.any()
    assert not weight.grad.any()


def test_rows_beyond_the_last_window_are_not_read():
    stream, weight = torch.randn(16, DIM), torch.randn(FILTERS, 2 * DIM)
    longer = torch.cat((stream, torch.full((3, DIM), 1e9)))
    assert torch.equal(conv_max_pool(longer, weight, BATCH, TOKENS), conv_max_pool(stream, weight, BATCH, TOKENS))


def test_the_way_of_other_devices_gives_the_same():
    """A tensor on `meta` has no values, so this calls the convolution of accelerators by its shape only."""
    best = conv_max_pool(
        torch.empty(16, DIM, device="meta"), torch.empty(FILTERS, 2 * DIM, device="meta"), BATCH, TOKENS
    )
    assert best.shape == (BATCH, FILTERS)


@pytest.mark.parametrize("width", [1, 3])
def test_under_autocast_only_the_products_are_rounded(width):
    """Scores to 1 part in 256, the precision of bfloat16; gradients exact for the windows that won."""
    rng = torch.Generator().manual_seed(width)
    stream = torch.randn(BATCH * TOKENS + width - 1, DIM, generator=rng, requires_grad=True)
    weight = torch.randn(FILTERS, width * DIM, generator=rng, requires_grad=True)
    with torch.autocast("cpu", torch.bfloat16):
        best = conv_max_pool(stream, weight, BATCH, TOKENS)
    expected = by_convolution(stream, weight)
    assert best.dtype == torch.float32
    largest = float(stream.detach().abs().max() * weight.detach().abs().sum(1).max())
    torch.testing.assert_close(best, expected, rtol=0, atol=largest / 128)
    assert not torch.equal(best, expected), "nothing was rounded, so autocast has had no say"
    gradients = torch.autograd.grad(best.sum(), (stream, weight))
    torch.testing.assert_close(gradients, torch.autograd.grad(expected.sum(), (stream, weight)))


def test_autocast_to_float16_changes_nothing():
    stream, weight = torch.randn(17, DIM), torch.randn(FILTERS, 3 * DIM)
    with torch.autocast("cpu", torch.float16):
        best = conv_max_pool(stream, weight, BATCH, TOKENS)
    assert torch.equal(best, conv_max_pool(stream, weight, BATCH, TOKENS))
