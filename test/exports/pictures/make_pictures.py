"""Makes the small pictures beside this file: a mask of awkward shapes, upside down too, an image of its size, and two without defects.

Run once, with Pillow; the files are checked in, because an encoder's bytes change with its version.
"""

from pathlib import Path

from PIL import Image

SHAPES = """
########........................
#......#....####........#.......
#.####.#....#..#.........#......
#.#..#.#....####..........#.....
#.####.#....#..#.........#.#....
#......#....####........#...#...
########........................
................................
..#...............##.....######.
...............#####.....#....#.
....##.........#.#.#.....#.##.#.
....##.........#####.....#.##...
......##...............#.#....#.
......##...............#.######.
................................
.##########.....................
.#.........#....................
.#.#######.#................####
.#.#.....#.#................#..#
.#.#.###.#.#................#.##
.#.#.....#.#................#.#.
.#.#######.#................###.
.#.........#................#...
.##########..................###
""".split()


def main() -> None:
    here = Path(__file__).parent
    width, height = len(SHAPES[0]), len(SHAPES)
    mask = Image.new("L", (width, height))
    mask.putdata([255 if sign == "#" else 0 for line in SHAPES for sign in line])
    mask.save(here / "shapes.mask.png")
    mask.transpose(Image.Transpose.FLIP_TOP_BOTTOM).save(here / "flipped.mask.png")
    grey = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    grey.save(here / "twin.png")
    grey.rotate(180).save(here / "photograph.png")
    image = grey.copy()
    image.paste((200, 30, 30), mask=mask)
    image.save(here / "shapes.image.png")


if __name__ == "__main__":
    main()
