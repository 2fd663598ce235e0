"""Tables of PDFs: drawn with lines, filled boxes, or only by where words stand."""

from tests.parsing.small_files import line, pdf

HEAD, ANN, BOB, CID = ("Name", "Age", "Town"), ("Ann", "31", "Bern"), ("Bob", "42", "Graz"), ("Cid", "53", "Linz")


def words(rows, x=80, y=700, width=120, height=20):
    return "".join(
        line(text, x + width * column, y - height * at) for at, row in enumerate(rows) for column, text in enumerate(row)
    )


def rule(x0, y0, x1, y1):
    return f"{x0} {y0} m {x1} {y1} l S\n"


def lattice(columns, rows, x=75, y=715, width=120, height=20):
    right, bottom = x + columns * width, y - rows * height
    across = "".join(rule(x, y - at * height, right, y - at * height) for at in range(rows + 1))
    return across + "".join(rule(x + at * width, y, x + at * width, bottom) for at in range(columns + 1))


def tables(document):
    return [block.text.splitlines() for block in document.blocks if block.type.value == "table"]


def test_lines_make_a_table_of_two_rows(parse):
    document = parse(pdf(words([HEAD, ANN]) + lattice(3, 2)), "a.pdf")
    assert tables(document) == [["| Name | Age | Town |", "| --- | --- | --- |", "| Ann | 31 | Bern |"]]


def test_the_text_of_a_drawn_cell_may_have_several_lines(parse):
    content = words([HEAD, ("Ann", "31", "Bern")]) + line("Meier", 80, 669) + lattice(3, 1)
    content += "".join(rule(x, 695, x, 660) for x in (75, 195, 315, 435)) + rule(75, 660, 435, 660)
    assert tables(parse(pdf(content), "a.pdf"))[0][-1] == "| Ann Meier | 31 | Bern |"


def test_a_merged_cell_has_its_text_once(parse):
    content = line("Person", 130, 700) + line("Town", 320, 700) + words([ANN, BOB], y=680)
    content += "".join(rule(75, y, 435, y) for y in (715, 695, 675, 655))
    content += "".join(rule(x, 655, x, 715) for x in (75, 315, 435)) + rule(195, 655, 195, 695)
    assert tables(parse(pdf(content), "a.pdf"))[0] == [
        "| Person |  | Town |",
        "| --- | --- | --- |",
        "| Ann | 31 | Bern |",
        "| Bob | 42 | Graz |",
    ]


def test_a_matrix_moves_the_lines_too(parse):
    moved = lattice(3, 2, x=0, y=0, width=60, height=10)
    document = parse(pdf(words([HEAD, ANN]) + f"q 2 0 0 2 75 715 cm {moved} Q"), "a.pdf")
    assert tables(document)[0][-1] == "| Ann | 31 | Bern |"


def test_filled_boxes_part_cells_as_lines_do(parse):
    boxes = "0.8 g\n" + "".join(
        f"{75 + 120 * column} {695 - 20 * row} 118 18 re f\n" for row in range(2) for column in range(3)
    )
    assert tables(parse(pdf(boxes + "0 g\n" + words([HEAD, ANN])), "a.pdf"))[0][-1] == "| Ann | 31 | Bern |"


def test_rows_of_values_need_no_lines_between_them(parse):
    content = words([HEAD, ANN, BOB, CID]) + "".join(rule(x, 635, x, 715) for x in (75, 195, 315, 435))
    content += "".join(rule(75, y, 435, y) for y in (715, 695, 635))
    assert tables(parse(pdf(content), "a.pdf"))[0][2:] == [
        "| Ann | 31 | Bern |",
        "| Bob | 42 | Graz |",
        "| Cid | 53 | Linz |",
    ]


def test_labels_beside_a_grid_are_its_first_column(parse):
    content = words([HEAD, ANN, BOB, CID]) + lattice(2, 4, x=195)
    assert tables(parse(pdf(content), "a.pdf"))[0][-1] == "| Cid | 53 | Linz |"


def test_two_grids_are_two_tables(parse):
    content = words([HEAD, ANN]) + lattice(3, 2) + words([HEAD, BOB], y=400) + lattice(3, 2, y=415)
    assert [table[-1] for table in tables(parse(pdf(content), "a.pdf"))] == ["| Ann | 31 | Bern |", "| Bob | 42 | Graz |"]


def test_a_cell_that_goes_on_is_one_row_where_lines_across_part_the_rows(parse):
    rows = [HEAD, ANN, BOB, CID]
    content = words(rows, height=40) + line("an der Aare", 320, 648)
    content += "".join(rule(75, y, 435, y) for y in (715, 685, 635, 605, 570))
    assert tables(parse(pdf(content), "a.pdf"))[0][2] == "| Ann | 31 | Bern an der Aare |"


def test_a_header_of_two_lines_is_one_row(parse):
    content = line("Age in", 200, 712) + words([("Name", "years", "Town"), ANN, BOB, CID])
    assert tables(parse(pdf(content), "a.pdf"))[0][0] == "| Name | Age in years | Town |"


def test_numbers_of_narrow_columns_are_cells(parse):
    rows = "".join(
        line(text, x, 700 - 14 * at)
        for at, row in enumerate(
            [("rice", "192", "208", "224"), ("oats", "240", "256", "280"), ("corn", "112", "120", "128")]
        )
        for x, text in zip((80, 200, 225, 250), row, strict=True)
    )
    assert tables(parse(pdf(rows), "a.pdf"))[0][-1] == "| corn | 112 | 120 | 128 |"


def test_dots_that_lead_to_a_value_are_no_text(parse):
    content = "".join(
        line(f"{name} ........................ {first}", 80, 700 - 14 * at) + line(second, 300, 700 - 14 * at)
        for at, (name, first, second) in enumerate([("Rice", "12", "15"), ("Oats", "23", "26"), ("Corn", "34", "37")])
    )
    assert tables(parse(pdf(content), "a.pdf"))[0][-1] == "| Corn | 34 | 37 |"


def test_narrow_columns_of_prose_are_no_table(parse):
    left = [
        "the lake is cold",
        "in spring and the",
        "people who swim",
        "in it are few as",
        "everyone knows",
        "by now of course",
    ]
    right = [
        "and those who do",
        "are not the ones",
        "you would think",
        "of when you hear",
        "that somebody",
        "went for a swim",
    ]
    content = "".join(
        line(a, 80, 700 - 13 * at) + line(b, 200, 700 - 13 * at) for at, (a, b) in enumerate(zip(left, right, strict=True))
    )
    assert tables(parse(pdf(content), "a.pdf")) == []


def test_a_box_around_prose_is_no_table(parse):
    text = "".join(line(f"Line {at} of a note that stands in a box drawn around it.", 80, 700 - 14 * at) for at in range(6))
    document = parse(pdf(text + "75 600 400 120 re S"), "a.pdf")
    assert [block.type.value for block in document.blocks] == ["paragraph"]


def test_a_table_says_where_it_stands(parse):
    block = parse(pdf(words([HEAD, ANN]) + lattice(3, 2)), "a.pdf").blocks[0]
    left, top, right, bottom = block.metadata["bbox"]
    assert 75 < left < right < 435
    assert 792 - 715 < top < bottom < 792 - 675


def test_turned_titles_of_columns_are_cells(parse):
    turned = "".join(f"q 0 1 -1 0 {x} 702 cm {line(text, 0, 0)} Q\n" for x, text in ((220, "Age now"), (340, "Home town")))
    body = words([("Ann", "31", "Bern"), ("Bob", "42", "Graz")], y=680) + line("Name", 80, 700)
    grid = "".join(rule(75, y, 435, y) for y in (770, 695, 675, 655))
    grid += "".join(rule(x, 655, x, 770) for x in (75, 195, 315, 435))
    document = parse(pdf(body + turned + grid), "a.pdf")
    assert [table[0] for table in tables(document)] == ["| Name | Age now | Home town |"]
    assert len(document.blocks) == 1


def test_many_columns_of_numbers_take_no_time(parse):
    content = "".join(line(str(at * row + 100), 5 + 12 * at, 780 - 6 * row, 4) for row in range(100) for at in range(40))
    assert len(tables(parse(pdf(content), "a.pdf"))[0]) == 101


def test_a_table_of_contents_has_no_columns_of_dots(parse):
    entries = [("1", "Lakes", "3"), ("2", "Rivers", "14"), ("3", "Swimming", "25")]
    content = "".join(
        line(number, 72, 700 - 14 * at)
        + line(name, 90, 700 - 14 * at)
        + "".join(line(".", 150 + 10 * dot, 700 - 14 * at) for dot in range(20))
        + line(page, 400, 700 - 14 * at)
        for at, (number, name, page) in enumerate(entries)
    )
    rows = tables(parse(pdf(content), "a.pdf"))[0]
    assert (rows[0], rows[2:]) == ("| 1 | Lakes | 3 |", ["| 2 | Rivers | 14 |", "| 3 | Swimming | 25 |"])


def test_a_heading_below_a_table_is_none_of_its_rows(parse):
    content = words([HEAD, ANN, BOB, CID], height=14) + line("4", 80, 640, 16) + line("Lakes", 200, 640, 16)
    assert len(tables(parse(pdf(content), "a.pdf"))[0]) == 5


def test_lists_beside_each_other_are_no_table(parse):
    left, right = ("* one", "* two", "* three"), ("* four", "* five", "* six")
    content = words(
        [(one.replace("*", "\\267"), other.replace("*", "\\267")) for one, other in zip(left, right, strict=True)]
    )
    document = parse(
        pdf(content).replace(b"/BaseFont/Helvetica>>", b"/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"), "a.pdf"
    )
    assert tables(document) == []


def test_type_is_as_high_as_its_size_whatever_the_font_says(parse):
    low = b"/FontDescriptor<</Type/FontDescriptor/FontName/Low/Flags 32/Ascent 500/Descent -100/FontBBox[0 -100 500 500]>>>>"
    rows = words([HEAD, ANN, BOB, CID], height=36)
    content = "".join(rule(75, y, 435, y) for y in (725, 685, 650, 615, 580)) + rows
    data = pdf(content).replace(b"/BaseFont/Helvetica>>", b"/BaseFont/Low" + low)
    assert len(tables(parse(data, "a.pdf"))[0]) == 5
