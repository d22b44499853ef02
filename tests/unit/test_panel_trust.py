from __future__ import annotations

import nbformat
from nbformat.sign import NotebookNotary

from labkit.launch import trust


def test_stored_pictures_are_trusted_and_other_notebooks_are_not(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    (tmp_path / "notebooks").mkdir()
    output = nbformat.v4.new_output("display_data", {"text/html": "<svg></svg>"})
    ours = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1", outputs=[output])])
    other = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("2", outputs=[output])])
    nbformat.write(ours, tmp_path / "notebooks/00.ipynb")
    trust(tmp_path)
    notary = NotebookNotary()
    assert notary.check_signature(nbformat.read(tmp_path / "notebooks/00.ipynb", as_version=4))
    assert not notary.check_signature(other)
    notary.store.close()
