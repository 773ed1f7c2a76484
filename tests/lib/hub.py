"""What huggingface_hub does against mlops server: hub.py FOLDER, in its environment HF_ENDPOINT and HF_TOKEN."""
import pathlib
import sys

from huggingface_hub import (HfApi, create_repo, hf_hub_download, snapshot_download, upload_folder)
from huggingface_hub.errors import EntryNotFoundError, RepositoryNotFoundError, RevisionNotFoundError

api = HfApi()
source = pathlib.Path(sys.argv[1])


def check(what, good):
    print(("ok - " if good else "not ok - ") + what)


def same(folder):
    return all(p.read_bytes() == (pathlib.Path(folder) / p.relative_to(source)).read_bytes()
               for p in source.rglob("*") if p.is_file())


def refused(kind, *args, **more):
    try:
        hf_hub_download(*args, **more)
    except kind:
        return True
    return False


check("whoami", api.whoami()["name"] == "mlops")
for kind, repo in (("model", "team/model"), ("dataset", "team/data")):
    create_repo(repo, repo_type=kind)
    create_repo(repo, repo_type=kind, exist_ok=True)
    commit = upload_folder(repo_id=repo, repo_type=kind, folder_path=source, commit_message="first")
    check(f"{kind}: upload_folder and snapshot_download", same(snapshot_download(repo, repo_type=kind)))
first = api.repo_info("team/model").sha
tree = list(api.list_repo_tree("team/model", recursive=True))
check("list_repo_tree", sorted(f.path for f in tree if hasattr(f, "size")) ==
      sorted(str(p.relative_to(source)) for p in source.rglob("*") if p.is_file()))
check("list_repo_tree of a folder", [f.path for f in api.list_repo_tree("team/model", "sub")] == ["sub/a.txt"])
check("model_info", {s.rfilename: s.size for s in api.model_info("team/model", files_metadata=True).siblings} ==
      {f.path: f.size for f in tree if hasattr(f, "size")})
check("get_paths_info", [p.path for p in api.get_paths_info("team/model", ["sub/a.txt", "none", "sub"])] ==
      ["sub/a.txt", "sub"])
check("list_repo_refs", [b.name for b in api.list_repo_refs("team/model").branches] == ["main"])
check("a file that is not there", refused(EntryNotFoundError, "team/model", "none"))
check("a revision that is not there", refused(RevisionNotFoundError, "team/model", "sub/a.txt", revision="none"))
check("a repository that is not there", refused(RepositoryNotFoundError, "team/none", "x"))
api.upload_file(path_or_fileobj=b"changed", path_in_repo="sub/a.txt", repo_id="team/model")
check("upload_file", pathlib.Path(hf_hub_download("team/model", "sub/a.txt")).read_bytes() == b"changed")
check("an older revision",
      pathlib.Path(hf_hub_download("team/model", "sub/a.txt", revision=first)).read_bytes() != b"changed")
api.delete_file("sub/a.txt", "team/model")
check("delete_file", not api.file_exists("team/model", "sub/a.txt"))
