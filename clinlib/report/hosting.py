"""Hosting: the book's links to the repository that holds it, where the environment names one.

Without it the pages have none: no button leads to an address that was made up.
"""

import os
import re

import yaml

from clinlib.errors import BadInput

REPOSITORY = "CLINLIB_REPOSITORY"
"""Environment variable with the address of the hosted repository, such as https://HOST/OWNER/NAME."""
BRANCH = "CLINLIB_BRANCH"
"""Environment variable with the branch that links lead to; default: main."""

WITH_ISSUES = ("github", "gitlab")
PROVIDERS = {"github": "blob", "gitlab": "-/blob", "bitbucket": "src"}  # in the address of a file
BINDER = "https://mybinder.org"


def configured(config: bytes) -> bytes:
    """The text of _config.yml with the repository that the environment names and its buttons.

    They are: the repository, an issue on the page, and on pages of notebooks the notebook in
    Binder. Where the environment names none, the text is returned as it is.

    Raises BadInput for an address that is none of a repository.
    """
    found = _repository()
    if found is None:
        return config
    url, branch, provider = found
    settings = yaml.safe_load(config)
    settings["repository"] = {"url": url, "branch": branch}
    # jupyter-book passes on either these or what it makes of the line above, never both
    options = settings["sphinx"]["config"]["html_theme_options"]
    options |= {
        "repository_url": url,
        "repository_branch": branch,
        "repository_provider": provider,
        "use_repository_button": True,
        "use_issues_button": provider in WITH_ISSUES,
    }
    options["launch_buttons"] |= {"binderhub_url": BINDER, "notebook_interface": "jupyterlab"}
    return yaml.safe_dump(settings, allow_unicode=True, sort_keys=False).encode()


def file_address(path: str) -> str | None:
    """The address of a file of the checkout in the hosted repository, None where none is named.

    Raises BadInput as `configured` does.
    """
    found = _repository()
    if found is None:
        return None
    url, branch, provider = found
    return f"{url}/{PROVIDERS[provider]}/{branch}/{path}"


def _repository() -> tuple[str, str, str] | None:
    """Address, branch and provider of the repository that the environment names."""
    url = os.environ.get(REPOSITORY, "").strip().removesuffix("/").removesuffix(".git")
    if not url:
        return None
    found = re.fullmatch(r"https://([^/\s]+)/[^/\s]+(/[^/\s]+)+", url)
    provider = next((each for each in PROVIDERS if found and each in found[1]), None)
    if provider is None:
        raise BadInput(
            f"{REPOSITORY} is '{url}'; give https://HOST/OWNER/NAME, with a host whose name holds "
            f"one of {', '.join(PROVIDERS)}"
        )
    return url, os.environ.get(BRANCH) or "main", provider
