"""`python -m tools.grafana`: write every board to deploy/grafana/dashboards."""

from tools.grafana.boards import BOARDS
from tools.grafana.making import text_of
from tools.grafana.reading import FOLDER

if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for board in BOARDS:
        path = FOLDER / f"{board.uid}.json"
        path.write_text(text_of(board), "utf-8")
        print(path.relative_to(FOLDER.parents[2]))
