"""AutoFormerV2-T (S3-T): a windowed transformer found by searching the search space.

Chen et al., *Searching the Search Space of Vision Transformer*, NeurIPS 2021, arXiv:2111.14725;
windows and shifts as in Liu et al., *Swin Transformer*, ICCV 2021, arXiv:2103.14030. State-dict
keys and shapes are those of the released file, its derived buffers included.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from timm.layers import DropPath
from torch import Tensor, nn

from medkd_core.errors import NetworkError

_DEPTHS = (2, 2, 6, 2)
_HEADS = (3, 6, 12, 24)
_WINDOWS = (7, 7, 14, 7)
_HEAD_DIM = 32
_PATCH = 4
_REDUCTION = 32
_EXPANSION = 4
_DROP_PATH = 0.1


class AutoFormerV2T(nn.Module):
    """AutoFormerV2-T with the channels of each head scaled and the number of heads kept.

    Parameters
    ----------
    num_classes : int
    width : float
        A head has ``round(32 * width)`` channels; 1 is the published network.
    image_size : int
        Side of the input in pixels, a multiple of 32. A stage's window is the largest divisor of
        its grid that is not above the published one.

    Raises
    ------
    NetworkError
        The size is no multiple of 32, or leaves a grid that no window divides.
    """

    def __init__(self, num_classes: int = 1000, width: float = 1.0, image_size: int = 224) -> None:
        super().__init__()
        head_dim = max(1, round(_HEAD_DIM * width))
        dims = [heads * head_dim for heads in _HEADS]
        grids = _grids(image_size)
        windows = [_window(grid, w, image_size) for grid, w in zip(grids, _WINDOWS, strict=True)]
        rates = torch.linspace(0, _DROP_PATH, sum(_DEPTHS), device="cpu").split(_DEPTHS)
        dims_after = [*dims[1:], None]
        self.patch_embed = _PatchEmbedding(dims[0])
        self.layers = nn.Sequential(
            *map(_Stage, dims, _HEADS, grids, windows, map(Tensor.tolist, rates), dims_after)
        )
        self.norm = nn.LayerNorm(dims[-1])
        self.head = nn.Linear(dims[-1], num_classes)
        self.apply(_initialise)

    def get_classifier(self) -> nn.Module:
        """The last layer, as timm's networks name it."""
        return self.head

    def forward(self, images: Tensor) -> Tensor:
        """(n, 3, height, width) -> logits (n, classes)."""
        tokens = self.norm(self.layers(self.patch_embed(images)).flatten(1, 2))
        return self.head(tokens.mean(1))


class _PatchEmbedding(nn.Module):
    """(n, 3, height, width) -> (n, rows, columns, channels)."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, dim, _PATCH, _PATCH)
        self.norm = nn.LayerNorm(dim)

    def forward(self, images: Tensor) -> Tensor:
        return self.norm(self.proj(images).permute(0, 2, 3, 1))


class _Stage(nn.Module):
    """Blocks on a grid of (n, rows, columns, channels); every second one shifts its windows."""

    def __init__(
        self,
        dim: int,
        heads: int,
        grid: int,
        window: int,
        drop_paths: list[float],
        dim_after: int | None,
    ) -> None:
        super().__init__()
        shifted = window // 2 if grid > window else 0
        self.blocks = nn.Sequential(
            *(
                _Block(dim, heads, grid, window, shifted if i % 2 else 0, drop)
                for i, drop in enumerate(drop_paths)
            )
        )
        self.downsample = nn.Identity() if dim_after is None else _PatchMerging(dim, dim_after)

    def forward(self, x: Tensor) -> Tensor:
        return self.downsample(self.blocks(x))


class _Block(nn.Module):
    attn_mask: Tensor | None

    def __init__(
        self, dim: int, heads: int, grid: int, window: int, shift: int, drop_path: float
    ) -> None:
        super().__init__()
        self.window, self.shift = window, shift
        self.register_buffer("attn_mask", _shift_mask(grid, window, shift) if shift else None)
        self.norm1 = nn.LayerNorm(dim)
        self.attn = _WindowAttention(dim, heads, window)
        self.norm2 = nn.LayerNorm(dim)
        hidden = _EXPANSION * dim
        self.mlp = nn.Sequential(
            OrderedDict(fc1=nn.Linear(dim, hidden), act=nn.GELU(), fc2=nn.Linear(hidden, dim))
        )
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.drop_path(self._attend(self.norm1(x)))
        return x + self.drop_path(self.mlp(self.norm2(x)))

    def _attend(self, x: Tensor) -> Tensor:
        if not self.shift:
            return _joined(self.attn(_windows(x, self.window), None), x.shape[1], x.shape[2])
        x = torch.roll(x, (-self.shift, -self.shift), (1, 2))
        x = _joined(self.attn(_windows(x, self.window), self.attn_mask), x.shape[1], x.shape[2])
        return torch.roll(x, (self.shift, self.shift), (1, 2))


class _WindowAttention(nn.Module):
    """Attention of the tokens of a window: (n, windows, tokens, channels) to the same."""

    relative_position_index: Tensor

    def __init__(self, dim: int, heads: int, window: int) -> None:
        super().__init__()
        self.heads, self.scale = heads, (dim // heads) ** -0.5
        table = torch.zeros((2 * window - 1) ** 2, heads)
        self.relative_position_bias_table = nn.Parameter(nn.init.trunc_normal_(table, std=0.02))
        self.register_buffer("relative_position_index", _relative_positions(window))
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        split = self.qkv(x).unflatten(-1, (3, self.heads, -1)).permute(3, 0, 1, 4, 2, 5)
        query, key, value = split.unbind(0)
        scores = (query * self.scale) @ key.transpose(-2, -1)
        scores = scores + self.relative_position_bias_table[self.relative_position_index].permute(
            2, 0, 1
        )
        if mask is not None:
            scores = scores + mask.unsqueeze(1)
        mixed = scores.softmax(-1) @ value
        return self.proj(mixed.transpose(2, 3).flatten(3))


class _PatchMerging(nn.Module):
    """Four neighbouring tokens become one of twice the channels; the grid is halved."""

    def __init__(self, dim: int, dim_after: int) -> None:
        super().__init__()
        self.reduction = nn.Linear(4 * dim, dim_after, bias=False)
        self.norm = nn.LayerNorm(4 * dim)

    def forward(self, x: Tensor) -> Tensor:
        corners = [x[:, 0::2, 0::2], x[:, 1::2, 0::2], x[:, 0::2, 1::2], x[:, 1::2, 1::2]]
        return self.reduction(self.norm(torch.cat(corners, -1)))


def _windows(x: Tensor, window: int) -> Tensor:
    """(n, rows, columns, channels) -> (n, windows, window * window, channels)."""
    split = x.unflatten(2, (-1, window)).unflatten(1, (-1, window))
    return split.transpose(2, 3).flatten(3, 4).flatten(1, 2)


def _joined(x: Tensor, rows: int, columns: int) -> Tensor:
    """Undo `_windows`."""
    window = round(x.shape[2] ** 0.5)
    split = x.unflatten(2, (window, window)).unflatten(1, (rows // window, columns // window))
    return split.transpose(2, 3).flatten(3, 4).flatten(1, 2)


def _relative_positions(window: int) -> Tensor:
    """(window^2, window^2) rows of the bias table: query minus key, row difference first."""
    row, column = torch.meshgrid(torch.arange(window), torch.arange(window), indexing="ij")
    row, column = row.flatten(), column.flatten()
    row_difference = row[:, None] - row[None] + window - 1
    return row_difference * (2 * window - 1) + column[:, None] - column[None] + window - 1


def _shift_mask(grid: int, window: int, shift: int) -> Tensor:
    """(windows, window^2, window^2): -100 where a roll made strangers neighbours, else 0."""
    position = torch.arange(grid)
    band = (position >= grid - window).int() + (position >= grid - shift).int()
    region = _windows((3 * band[:, None] + band[None])[None, :, :, None], window)[0, :, :, 0]
    return -100.0 * (region[:, :, None] != region[:, None]).float()


def _grids(image_size: int) -> list[int]:
    if image_size % _REDUCTION:
        raise NetworkError(
            f"Cannot make AutoFormerV2-T for {image_size} pixels",
            because="its side must be a multiple of 32",
            cure="Choose 224, or a smaller multiple of 32.",
        )
    return [image_size // (_PATCH << stage) for stage in range(len(_DEPTHS))]


def _window(grid: int, published: int, image_size: int) -> int:
    window = next(w for w in range(min(grid, published), 0, -1) if grid % w == 0)
    if window == 1 < grid:
        raise NetworkError(
            f"Cannot make AutoFormerV2-T for {image_size} pixels",
            because=f"no window divides its grid of {grid} x {grid}",
            cure="Choose 224, or another multiple of 32.",
        )
    return window


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
