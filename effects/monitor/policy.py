"""Every dwell time and threshold of the monitor, in one place: what the law, Euro NCAP and the literature say.

Seconds, degrees, and shares of openness (0 shut .. 1 the driver's own open eye). Sources: EU 2021/1341 (DDAW), EU ADDW,
Euro NCAP driver engagement, PERCLOS P80 (Wierwille; FHWA), ISO 15007. Facet uses their ideas and claims no conformity.
"""

WHOLE_INTERVAL_S = 0.35
"""Longer intervals between two frames are unknown: neither open nor closed."""
BRIDGED_GAP_S = 0.5 + 0.05
"""Two closed samples no further apart belong to one closure: half a second, and the jitter of a frame."""
TICK_ADVANCE_S = 0.15
"""How far time alone, without a frame, lets a closure run on."""
AFTER_LAST_CLOSED_S = 0.1
"""Where a closure ends when what followed is unknown."""

CLOSED_UNDER, OPEN_OVER, HALF = 0.30, 0.50, 0.50
LEANING_OPEN, LEANING_OPEN_S = 0.35, 0.3
"""Over this for so long the eye is open too: a squint must not latch a blink."""
P80 = 0.20
MEDIAN_S = 0.08
ONSET_SEARCH_S = 0.5
STEEPEST_YAW_DEG = 45.0
"""Beyond, the eyes are not read."""

PROLONGED_S, SOFT_S, MICROSLEEP_S, SLEEP_S, UNRESPONSIVE_S = 0.5, 1.0, 1.5, 3.0, 6.0

PERCLOS_CLOSURE_S, PERCLOS_SPAN_S = 0.25, 0.2
SHORT_WINDOW_S, LONG_WINDOW_S = 60.0, 180.0

ADVISORY_P60, DROWSY_P60, DROWSY_P180, SEVERE_P60 = 0.08, 0.15, 0.10, 0.30
SLOW_BLINK_P60, SLOW_BLINK_RATIO = 0.10, 1.4
MICROSLEEPS, MICROSLEEPS_S = 2, 300.0
SEVERE_AFTER_SLEEP_S = 60.0
STEP_DOWN_S, STEP_DOWN_P60, STEP_DOWN_P180, CALM_P60 = 60.0, 0.10, 0.08, 0.06

ASIDE_DEG, DOWN_DEG, IRIS_ASIDE_DEG = 20.0, 18.0, 23.0
MIRROR_DEG, MIRROR_LEVEL_DEG, MIRROR_FREE_S = (35.0, 60.0), 10.0, 1.0
GAZE_MEDIAN_S, GAZE_FILTER_S = 0.15, 0.25
GAZE_L1_S, GAZE_L2_S, GAZE_L3_S = 3.0, 5.0, 11.0
GAZE_SHARE_S, GAZE_SHARE_WINDOW_S = 10.0, 30.0
GAZE_HOLD_S = 2.0

GLANCE_BELOW_DEG, GLANCE_BEFORE_S, GLANCE_AFTER_S = 5.0, 1.0, 0.4
GLANCE_NEUTRAL_DEG, GLANCE_NEUTRAL_S = 18.0, 0.3
REFERENCE_S = 2.0

FACE_LOST_S, FACE_VISUAL_S, FACE_CHIMES_S = 0.5, 2.0, (3.0, 10.0)
FACE_BACK_S = 0.3
SUSPECTED_FROM_S, SUSPECTED_S = 0.5, 2.0
EYES_UNREADABLE_S = 10.0

STALLED_S, LOW_RATE_FPS, LOW_RATE_S, PICTURE_FAULT_S, SENSOR_BACK_S = 1.0, 9.5, 3.0, 3.0, 2.0
"""10 fps with a little jitter is still 10 fps."""
DARK_LUMA, BRIGHT_LUMA, CLIPPED_SHARE, FROZEN_CHANGE = 12.0, 243.0, 0.9, 0.005
SUSPEND_S = 2.0

YAWN_MAR, YAWN_OWN_RATIO, YAWN_END_MAR, YAWN_S = 0.6, 1.4, 0.4, (1.5, 12.0)
NOD_DEG, NOD_FALL_S, NOD_CLOSED_S, NOD_BACK_S = 15.0, 1.0, 0.3, 3.0

PRIOR_OPEN, PRIOR_CLOSED = 0.28, 0.05
LEARN_S, FREEZE_S = 10.0, 60.0
CLOSED_SHARE, CLOSED_SHARES = 0.17, (0.08, 0.35)
BOTTOM_BLINKS, BOTTOM_BLINK_S, BOTTOM_QUANTILE, BOTTOM_POSE_DEG = 5, 0.1, 0.4, 5.0
RESIDUAL_SHARE = 0.45
LOWEST_OPEN_SHARE = 0.9
BLINKS_WINDOW_S, FEWEST_BLINKS = 180.0, 10

STANDING_KMH, STANDING_S = 3.0, 3.0
