"""A sheet as SVG, small enough to be sent and with its text as text."""

from __future__ import annotations

from xml.sax.saxutils import escape

from gan_tui.chart.shapes import Area, Shape, Sheet, Stroke, Words

FONT = "Inter, Helvetica, Arial, sans-serif"


def svg(sheet: Sheet) -> str:
    """The sheet as a document of its own."""
    size = f'width="{sheet.width}" height="{sheet.height}" viewBox="0 0 {sheet.width} {sheet.height}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{FONT}" role="img">',
            f"<title>{escape(sheet.title)}</title>",
            f'<rect width="100%" height="100%" fill="{sheet.ground}"/>',
            *map(_element, sheet.shapes),
            "</svg>\n",
        ]
    )


def _element(shape: Shape) -> str:
    match shape:
        case Stroke():
            points = " ".join(f"{x:.1f},{y:.1f}" for x, y in shape.points)
            dashes = ' stroke-dasharray="5 4"' if shape.dashed else ""
            style = (
                f'fill="none" stroke="{shape.colour}" stroke-width="{shape.width:g}" stroke-linejoin="round"{dashes}'
            )
            return f'<polyline points="{points}" {style}/>'
        case Area():
            points = " ".join(f"{x:.1f},{y:.1f}" for x, y in shape.points)
            hint = f"<title>{escape(shape.hint)}</title>" if shape.hint else ""
            return f'<polygon points="{points}" fill="{shape.colour}">{hint}</polygon>'
        case Words():
            x, y = shape.at
            weight = ' font-weight="600"' if shape.bold else ""
            style = f'font-size="{shape.size:g}" fill="{shape.colour}" text-anchor="{shape.anchor}"{weight}'
            return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(shape.text)}</text>'
