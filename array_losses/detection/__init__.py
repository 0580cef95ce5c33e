"""Whole detection criteria: anchors, decoding, assignment, and the losses of well-known detectors.

Pure functions over padded ground truth: boxes (..., G, 4), labels and a mask (..., G), where the leading axes are the
batch. Shapes are static, nothing loops over the batch, and gradients flow to what the heads gave, in every library.
"""

from .anchors import anchor_boxes, anchor_points
from .assignment import Assignment
from .atss import atss_assign
from .decoding import decode_distributions
from .detr import DETRLoss, detr_loss
from .fcos import FCOSLoss, fcos_loss
from .fcos_assignment import fcos_assign
from .hungarian import hungarian_assign
from .max_iou import max_iou_assign
from .retinanet import RetinaNetLoss, retinanet_loss
from .simota import simota_assign
from .task_aligned import task_aligned_assign
from .yolov8 import (
    YOLOv8EndToEndLoss,
    YOLOv8Loss,
    yolov8_classification_loss,
    yolov8_detection_loss,
    yolov8_end_to_end_loss,
)
from .yolov8_obb import YOLOv8OBBLoss, yolov8_obb_loss
from .yolov8_pose import YOLOv8PoseLoss, yolov8_pose_loss
from .yolov8_segmentation import YOLOv8SegmentationLoss, yolov8_segmentation_loss
from .yolox import YOLOXLoss, yolox_loss

__all__ = [
    "Assignment",
    "DETRLoss",
    "FCOSLoss",
    "RetinaNetLoss",
    "YOLOXLoss",
    "YOLOv8EndToEndLoss",
    "YOLOv8Loss",
    "YOLOv8OBBLoss",
    "YOLOv8PoseLoss",
    "YOLOv8SegmentationLoss",
    "anchor_boxes",
    "anchor_points",
    "atss_assign",
    "decode_distributions",
    "detr_loss",
    "fcos_assign",
    "fcos_loss",
    "hungarian_assign",
    "max_iou_assign",
    "retinanet_loss",
    "simota_assign",
    "task_aligned_assign",
    "yolov8_classification_loss",
    "yolov8_detection_loss",
    "yolov8_end_to_end_loss",
    "yolov8_obb_loss",
    "yolov8_pose_loss",
    "yolov8_segmentation_loss",
    "yolox_loss",
]
