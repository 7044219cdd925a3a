import numpy as np
import pytest
from PIL import Image

from rip.tiling import KERNEL, resample_rows


@pytest.mark.parametrize("size", [(40, 30), (97, 130), (40, 130), (97, 30), (17, 11), (53, 41)])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_bands_are_the_wrapped_picture_resampled_at_once(size, channels):
    """Pillow resamples three periods of the tile at once; its middle one knows its neighbours on every side."""
    width, height = size
    random = np.random.default_rng(0)
    tile = random.integers(0, 256, (41, 53, channels), dtype=np.uint8)
    planes = [Image.fromarray(np.tile(tile[..., channel], (3, 3))) for channel in range(channels)]
    whole = [np.asarray(plane.resize((3 * width, 3 * height), KERNEL)) for plane in planes]
    middle = np.stack(whole, axis=-1)[height : 2 * height, width : 2 * width].astype(int)
    given = tile[..., 0] if channels == 1 else tile
    bands = [resample_rows(given, width, height, start, min(7, height - start)) for start in range(0, height, 7)]
    found = np.concatenate(bands).reshape(height, width, channels).astype(int)
    assert np.abs(found - middle).max() <= 1
