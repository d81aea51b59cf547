"""Cuts the figure out of the portrait: soft mattes for the head and for the body, and clean edge colours.

The portrait is one fixed picture, so the neck is traced by hand; everything else is measured.
"""

import cv2
import numpy as np

from assets.demo.source.mesh import F32, U8

NECK_XY = (
    (179, 133), (182, 141), (184, 150), (186, 156), (187, 178), (196, 185), (213, 189), (232, 191), (245, 190),
    (253, 186), (256, 175), (257, 163), (263, 153), (267, 139), (272, 137), (312, 112), (312, 0), (140, 0), (140, 112),
)  # fmt: skip
"""Outline of head and neck in portrait pixels; above the ears it only has to lie outside the hair."""


def person_matte(portrait: U8) -> F32:
    """(H, W) 0 or 1: the whole figure, helmet included, by MediaPipe's selfie network and GrabCut."""
    import mediapipe as mp

    with mp.solutions.selfie_segmentation.SelfieSegmentation(model_selection=0) as network:
        coarse = network.process(np.ascontiguousarray(portrait[..., ::-1])).segmentation_mask
    trimap = np.full(coarse.shape, cv2.GC_PR_BGD, np.uint8)
    trimap[coarse > 0.5] = cv2.GC_PR_FGD
    inner = cv2.erode((coarse > 0.5).astype(np.uint8), np.ones((3, 3), np.uint8), iterations=5)
    outer = cv2.dilate((coarse > 0.5).astype(np.uint8), np.ones((3, 3), np.uint8), iterations=5)
    trimap[inner == 1] = cv2.GC_FGD
    trimap[outer == 0] = cv2.GC_BGD
    cv2.grabCut(portrait, trimap, (0, 0, 1, 1), np.zeros((1, 65)), np.zeros((1, 65)), 6, cv2.GC_INIT_WITH_MASK)
    hard = np.isin(trimap, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(hard)
    hard = (labels == 1 + int(np.argmax(stats[1:count, cv2.CC_STAT_AREA]))).astype(np.uint8)
    return cv2.morphologyEx(hard, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)).astype(np.float32)


def soften(hard: F32, picture: U8, band_px: int, blur_px: float) -> F32:
    """Alpha near the edge from where each colour lies between the near figure and the near studio colour."""
    kernel = np.ones((3, 3), np.uint8)
    solid = cv2.erode(hard.astype(np.uint8), kernel, iterations=band_px)
    clear = cv2.dilate(hard.astype(np.uint8), kernel, iterations=band_px)
    colour = picture.astype(np.float32)
    figure = spread(colour, solid.astype(np.float32), 2.0 * band_px)
    studio = spread(colour, 1.0 - clear.astype(np.float32), 2.0 * band_px)
    axis = figure - studio
    along = ((colour - studio) * axis).sum(2) / np.maximum((axis * axis).sum(2), 400.0)
    mixed = 0.5 * np.clip(along * 1.15 - 0.05, 0, 1) + 0.5 * cv2.GaussianBlur(hard, (0, 0), band_px * 0.45)
    alpha: F32 = np.where(solid > 0, 1.0, np.where(clear > 0, mixed, 0.0)).astype(np.float32)
    alpha = cv2.GaussianBlur(alpha, (0, 0), blur_px)
    return np.clip((alpha - 0.18) / 0.72, 0, 1).astype(np.float32)


def spread(colour: F32, weight: F32, sigma: float) -> F32:
    """Normalised blur: the mean of `colour` where `weight` is 1, continued into the rest."""
    total, mass = colour * weight[..., None], weight.copy()
    out = np.zeros_like(colour)
    done = np.zeros(weight.shape, np.float32)
    for step in range(6):
        s = sigma * 1.8**step
        blurred, share = cv2.GaussianBlur(total, (0, 0), s), cv2.GaussianBlur(mass, (0, 0), s)
        take = np.clip(share * 20, 0, 1) * (1 - done)
        out += take[..., None] * blurred / np.maximum(share, 1e-5)[..., None]
        done += take
    return (out / np.maximum(done, 1e-5)[..., None]).astype(np.float32)


def decontaminate(picture: U8, alpha: F32, depth_px: int) -> U8:
    """Replace the colours of half-covered pixels (studio light mixed in) by those of the figure beside them."""
    solid = cv2.erode((alpha > 0.97).astype(np.uint8), np.ones((3, 3), np.uint8), iterations=depth_px)
    inside = spread(picture.astype(np.float32), solid.astype(np.float32), 1.5 * depth_px)
    near = cv2.GaussianBlur(1.0 - solid.astype(np.float32), (0, 0), 1.5) * (1 - solid)
    keep = np.clip(alpha * 1.6 - 0.75, 0, 1) * (1 - 0.35 * near)
    keep = np.where(solid > 0, 1.0, keep)[..., None]
    return np.clip(picture * keep + inside * (1 - keep), 0, 255).astype(np.uint8)
