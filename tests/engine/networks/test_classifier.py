"""DTN's f: what it is made of, and that its logits rest on its features."""

from __future__ import annotations

import torch
from torch import nn

from engine.networks.classifier import DIGITS, DigitClassifier


def test_it_has_the_papers_layers() -> None:
    classifier = DigitClassifier(64)
    convolutions = [module for module in classifier.modules() if isinstance(module, nn.Conv2d)]
    assert [layer.out_channels for layer in convolutions] == [64, 128, 256, 128]
    assert classifier.channels == 128


def test_its_maps_shrink_to_two_pixels() -> None:
    classifier, sides = DigitClassifier(2), []
    for module in classifier.modules():
        if isinstance(module, nn.MaxPool2d):
            module.register_forward_hook(lambda _layer, _inputs, output: sides.append(output.shape[-1]))
    features = classifier.features(torch.rand(2, 3, 32, 32))
    assert sides == [16, 8, 4, 2]
    assert features.shape == (2, classifier.channels, 2, 2)
    assert -1 <= features.min() < 0 < features.max() <= 1


def test_it_treats_each_image_by_itself() -> None:
    classifier, images = DigitClassifier(2), torch.rand(4, 3, 32, 32)
    torch.testing.assert_close(classifier(images)[1:2], classifier(images[1:2]))


def test_logits_are_linear_in_the_features() -> None:
    classifier, images = DigitClassifier(4).eval(), torch.rand(3, 3, 32, 32)
    features = classifier.features(images).flatten(1)
    logits = classifier(images)
    assert logits.shape == (3, DIGITS)
    torch.testing.assert_close(logits, features @ classifier.head.weight.T + classifier.head.bias)


def test_it_can_learn_ten_images_by_heart() -> None:
    torch.manual_seed(0)
    classifier, labels = DigitClassifier(4), torch.arange(DIGITS)
    images = torch.rand(DIGITS, 3, 32, 32) * 2 - 1
    optimizer = torch.optim.Adam(classifier.parameters(), lr=1e-2)
    for _ in range(60):
        optimizer.zero_grad()
        nn.functional.cross_entropy(classifier(images), labels).backward()
        optimizer.step()
    assert torch.equal(classifier(images).argmax(dim=1), labels)
