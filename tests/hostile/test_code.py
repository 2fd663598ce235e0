"""Our own code never does what turns data into programs."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("api", "cli", "rage_assets", "resources", "sensors", "collectors")
MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "joblib", "jsonpickle", "telnetlib", "ftplib"}
CALLS = {
    "eval", "exec", "compile", "__import__", "execfile",
    "yaml.load", "yaml.unsafe_load", "yaml.full_load", "yaml.load_all", "yaml.unsafe_load_all", "yaml.full_load_all",
    "torch.load", "numpy.load", "np.load", "pandas.read_pickle", "pd.read_pickle",
    "tempfile.mktemp", "os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput", "commands.getoutput",
    "ssl._create_unverified_context", "hashlib.md5", "hashlib.sha1", "random.random", "urllib.request.urlopen",
}  # fmt: skip
# Each with its reason; a line here is a decision.
ALLOWED = {
    ("resources/plain_yaml.py", "yaml.load"),  # with a SafeLoader that takes even less
    ("resources/dagster_client/graphql.py", "urllib.request.urlopen"),  # the operator's Dagster
    ("cli/ports.py", "urllib.request.urlopen"),  # this machine's own ports
    ("rage_assets/blocks/parsing/office/soffice.py", "hashlib.md5"),  # so LibreOffice names its socket
}


def code():
    for room in ROOMS:
        for file in sorted((ROOT / room).rglob("*.py")):
            yield str(file.relative_to(ROOT)), file.read_text()


def wrong(name: str, text: str) -> list[tuple[str, str]]:
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found += [(name, alias.name) for alias in node.names if alias.name.split(".")[0] in MODULES]
        elif isinstance(node, ast.ImportFrom):
            top = (node.module or "").split(".")[0]
            found += [(name, top)] if top in MODULES else []
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found += [(name, each) for each in names & CALLS]
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called in CALLS:
                found.append((name, called))
            for keyword in node.keywords:
                value = getattr(keyword.value, "value", None)
                if (keyword.arg in {"shell", "allow_pickle", "trust_remote_code"} and value is not False) or (
                    keyword.arg in {"verify", "check_hostname", "weights_only", "use_safetensors"} and value is False
                ):
                    found.append((name, f"{keyword.arg}={value}"))
    return found


def test_no_code_of_ours_does_it():
    assert {each for name, text in code() for each in wrong(name, text)} - ALLOWED == set()


@pytest.mark.parametrize(
    "text",
    [
        "import pickle", "from marshal import loads", "import yaml; yaml.load(x)", "from yaml import unsafe_load", "eval(x)",
        "exec(x)", "import torch; torch.load(p)", "subprocess.run(x, shell=True)", "subprocess.run(x, shell=flag)",
        "tempfile.mktemp()", "from tempfile import mktemp", "np.load(x, allow_pickle=True)", "httpx.get(u, verify=False)",
        "def f():\n    import shelve", "AutoModel.from_pretrained(x, trust_remote_code=True)", "os.system(x)",
    ],
)  # fmt: skip
def test_it_would_be_found(text):
    assert wrong("x.py", text)
