"""How long a command takes that does nothing: git is the measure."""
from bench import pair

pair("startup.version", (["mlops", "version"], None, None), (["git", "--version"], None, None),
     goal=2.0, runs=7, loops=100)
