"""Score-CAM as other code and the paper have it, for the dialects to be held against."""

from __future__ import annotations

import numpy as np
import torch
from pytorch_grad_cam import ScoreCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch.nn import functional as F
from torchcam.methods import ScoreCAM as TorchCAM

AT_ONCE = 32


def upsampled(maps, input_shape):
    """(n, h, w) -> (n, H, W), values at the centres of cells."""
    return F.interpolate(maps[:, None], input_shape, mode="bilinear", align_corners=False)[:, 0]


def min_max(values):
    """Each map (n, H, W) from 0 to 1; one that is the same everywhere is 0."""
    low, high = values.amin((1, 2), keepdim=True), values.amax((1, 2), keepdim=True)
    return torch.where(high > low, (values - low) / (high - low), 0)


def channels_of(network, layer, image):
    """The layer's output (channels, h, w)."""
    seen = []
    with layer.register_forward_hook(lambda *call: seen.append(call[2])):
        network(torch.from_numpy(image)[None])
    return seen[0][0]


def seen_through(network, image, masks):
    """Logits (n, classes) of the image times each mask (n, H, W)."""
    tensor = torch.from_numpy(image)
    return torch.cat([network(tensor * part[:, None]) for part in masks.split(AT_ONCE)])


class ScoreCAMWithEvidence(ScoreCAM):
    """Keeps the sum of weighted channels (1, h, w) that it makes its map of."""

    evidence = None

    def get_cam_image(self, *arguments):
        type(self).evidence = super().get_cam_image(*arguments)
        return self.evidence


def pytorch_grad_cam_map(network, layer, image, class_index):
    with ScoreCAMWithEvidence(network, [layer]) as reference:
        return reference(torch.from_numpy(image)[None], [ClassifierOutputTarget(class_index)])[0]


def torch_cam_map(network, layer, image, class_index):
    with TorchCAM(network, layer) as reference, torch.no_grad():
        network(torch.from_numpy(image)[None])
        maps = reference(class_index)[0]
    return upsampled(maps, image.shape[1:])[0].numpy()


@torch.inference_mode()
def published_map(network, layer, image, class_index):
    """What github.com/haofanwang/Score-CAM computes: probabilities weigh up-sampled channels."""
    full = upsampled(channels_of(network, layer, image), image.shape[1:])
    full = full[np.ptp(full.numpy(), axis=(1, 2)) > 0]
    probability = seen_through(network, image, min_max(full)).softmax(1)[:, class_index]
    evidence = (probability[:, None, None] * full).sum(0, keepdim=True)
    return min_max(evidence.relu())[0].numpy()


@torch.inference_mode()
def algorithm_1_map(network, layer, image, class_index):
    """Algorithm 1 of the paper: softmax over the increases of the logit over the baseline's."""
    channels = channels_of(network, layer, image)
    masks = min_max(upsampled(channels, image.shape[1:]))
    baseline = network(torch.zeros_like(torch.from_numpy(image))[None])
    increase = (seen_through(network, image, masks) - baseline)[:, class_index]
    evidence = (increase.softmax(0)[:, None, None] * channels).sum(0, keepdim=True).relu()
    return min_max(upsampled(evidence, image.shape[1:]))[0].numpy()


REFERENCES = {
    "pytorch-grad-cam": pytorch_grad_cam_map,
    "authors": published_map,
    "algorithm-1": algorithm_1_map,
    "torch-cam": torch_cam_map,
}
