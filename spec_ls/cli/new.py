"""`spec-ls new`: a document from a template, with what is known already filled in."""

from __future__ import annotations

import os
import sys
from datetime import date
from pathlib import Path

import click

from spec_ls import index
from spec_ls.begin import Identified, Source, existing, folder_of, identified, like_beside, paths_of, text_of
from spec_ls.cli import arguments
from spec_ls.cli.judging import among
from spec_ls.cli.report import Output, place_of, say, shown_path
from spec_ls.cli.run import file_for_template
from spec_ls.draft import Given, begun, file_name
from spec_ls.files import create_file
from spec_ls.resolver import Policy, Resolver
from spec_ls.rules.invalid_id import is_identifier
from spec_ls.template import DEFAULT
from spec_ls.template.model import Template
from spec_ls.values import handle_of, identifier, iso_date, near_handles

STDOUT = "-"


@click.command(short_help="Write a new document from a template.")
@click.argument("name", metavar="NAME", type=arguments.TemplateName())
@click.option(
    "--template",
    metavar="NAME|FILE",
    type=arguments.TemplateName(),
    help="The template to write after; NAME is then the title.",
)
@click.option("--title", metavar="TEXT", help="The document's title; without it the template's sample stays.")
@click.option("--owner", metavar="@HANDLE", help="Who owns it.  [default: your handle, where git knows a noreply one]")
@click.option("--id", "wanted_id", metavar="ID", help="Its identifier.  [default: the next free one]")
@click.option(
    "--output",
    metavar="PATH|-",
    type=arguments.AnyPath(),
    help="The file, or a folder for it; '-' prints the document instead.",
)
@click.option("--date", "day", metavar="YYYY-MM-DD", help="The day on which it is begun.  [default: today]")
def new(
    name: str,
    template: str | None,
    title: str | None,
    owner: str | None,
    wanted_id: str | None,
    output: str | None,
    day: str | None,
) -> None:
    """Writes a new document from a template and prints its path.

    NAME is a template: one of the configuration, or one that comes with spec-ls (adr, product-spec, rfc). Anything
    else is the title of a document after the default template: the one that the configuration names, if it names one
    only, else product-spec.

    \b
      spec-ls new "Guest checkout"               a product spec with that title
      spec-ls new adr --title "Use queues"       a decision record
      spec-ls new rfc --title "Queues" --owner @mira
      spec-ls new "Guest checkout" --output -    print it, write nothing

    The next free identifier, the owner and the date are filled in, and the status is the first of the lifecycle. The
    samples and the guidance stay: they are what you fill in next, and the editor shows them.

    The file is named after the title, with the identifier in front where the others beside it are named so. It goes
    where --output says, else where the configuration looks for such documents, else into the current folder. A file
    that is there already is never written over.

    \b
    Exit code:
      0  the document is written
      2  it is not: an option is wrong, or the file is there already
    """
    place = _start(output)
    resolver = Resolver()
    policy = resolver.policy(os.path.join(place, "-.md"))
    _stop_at_faults(resolver)
    source, words = _template_and_title(name, template, title, policy)
    form = source.template
    owner, day = _owner(owner, form, place), _date(day, form)
    folder = place if output not in (None, STDOUT) else folder_of(source, policy, place)
    identified = _identified(wanted_id, source, policy, folder)
    given = Given(words, identified.identifier, owner, day)
    file = file_name(words, identified.number, identified.like, identified.identifier or source.name or form.name)
    path = os.path.join(folder, file) if output in (None, STDOUT) or _is_folder(output) else output
    text, is_bound = text_of(source, given, path, resolver)
    if not is_bound:
        say(f"nothing binds the document to {source.template.name}: let a glob of .spec-ls.toml do so")
    if output == STDOUT:
        Output().write(text, "utf-8")
        return
    _write(path, text)


# --- the template -----------------------------------------------------------------------------


def _start(output: str | None) -> str:
    """The folder whose configuration counts: that of the output, else the current one."""
    if output is None or output == STDOUT:
        return os.getcwd()
    return os.path.abspath(output if _is_folder(output) else os.path.dirname(output))


def _is_folder(output: str | None) -> bool:
    return output is not None and (os.path.isdir(output) or output.endswith(("/", os.sep)))


def _stop_at_faults(resolver: Resolver) -> None:
    """Ends with 2 where the configuration is at fault: what it binds, and where to, cannot be known."""
    broken = False
    for path, faulty in resolver.faults().items():
        for fault in faulty.faults:
            say(f"{place_of(path, fault.span)}: {fault.message}")
            broken = True
    if broken:
        say("nothing was written; mend the configuration first")
        sys.exit(2)


def _template_and_title(name: str, template: str | None, title: str | None, policy: Policy) -> tuple[Source, str]:
    """The template that is meant, and the title, which may be empty. Raises click.UsageError."""
    if template is not None:
        if title is not None:
            raise click.UsageError(f"with --template, NAME is the title: there are two, {name!r} and {title!r}")
        return _named(template, policy), _cleaned(name, "NAME")
    found = policy.template(name)
    if found is not None:
        return Source(found, name), _cleaned(title, "--title") if title is not None else ""
    if title is not None:
        raise click.UsageError(f"no template is called {name!r}{among(name, policy.names())}")
    only = list(policy.config.templates) if policy.config else []
    return _named(only[0] if len(only) == 1 else DEFAULT, policy), _cleaned(name, "NAME")


def _named(name: str, policy: Policy) -> Source:
    """The template of that name or file. Raises click.BadParameter."""
    found = policy.template(name)
    if found is not None:
        return Source(found, name)
    real = os.path.realpath(name)
    for key, path in paths_of(policy).items():
        if path == real and key in policy.named:
            return Source(policy.named[key], key)
    return Source(file_for_template(name, policy.names(), "--template"), "")


def _cleaned(title: str, param: str) -> str:
    """A title on one line without control characters. Raises click.BadParameter."""
    words = "".join(char for char in " ".join(title.split()) if char.isprintable() or char in "\u200c\u200d\ufe0f")
    if not words:
        raise click.BadParameter("it is empty: give the document's title", param_hint=param)
    try:
        words.encode("utf-8")
    except UnicodeEncodeError:
        raise click.BadParameter("it is not UTF-8", param_hint=param) from None
    return words


# --- the values -------------------------------------------------------------------------------


def _owner(owner: str | None, template: Template, folder: str) -> str:
    """The owner's handle: the one given, else that of the git user; empty where there is none. Raises BadParameter."""
    slot = template.owner
    if owner is None:
        return index.own_handle(Path(existing(folder))) if slot is not None else ""
    if slot is None:
        message = f"the template {template.name} has no field for one owner; leave the option out"
        raise click.BadParameter(message, param_hint="--owner")
    handle = handle_of(owner)
    if handle is None or handle != owner.strip():
        meant = (
            f"; is {near_handles(owner)[0]} meant?"
            if near_handles(owner)
            else "; name one person or team, such as @mira"
        )
        raise click.BadParameter(f"{owner!r} is no handle{meant}", param_hint="--owner")
    return handle


def _date(day: str | None, template: Template) -> str:
    """The day on which the document is begun. Raises BadParameter."""
    if day is None:
        return date.today().isoformat()
    if iso_date(day) is None:
        raise click.BadParameter(f"{day!r} is no day of the calendar as YYYY-MM-DD", param_hint="--date")
    if not begun(template):
        message = f"the template {template.name} has no field for it; <!-- spec-ls: today --> behind a date makes one"
        raise click.BadParameter(message, param_hint="--date")
    return day


def _identified(wanted: str | None, source: Source, policy: Policy, folder: str) -> Identified:
    """The identifier given, else the next one that neither a document of the repository nor a file's name has."""
    slot = source.template.field("id")
    if wanted is None:
        return identified(source, policy, folder)
    if slot is None:
        message = f"the template {source.template.name} has no field for it; leave the option out"
        raise click.BadParameter(message, param_hint="--id")
    if not is_identifier(slot, wanted):
        sample = identifier(slot.prefix, 42, slot.digits)
        message = f"{slot.name} is {slot.prefix} and at least {slot.digits} digits, such as {sample}"
        raise click.BadParameter(message, param_hint="--id")
    return Identified(wanted, int(wanted[len(slot.prefix) :]), like_beside(source, folder))


# --- the file ---------------------------------------------------------------------------------


def _write(path: str, text: str) -> None:
    """Writes the file and prints its path. Ends with 2 where it cannot be written."""
    try:
        create_file(path, text)
    except FileExistsError:
        say(f"{shown_path(path)} is there already and stays as it is; give another --title or --output")
        sys.exit(2)
    except OSError as error:
        say(f"{shown_path(path)} cannot be written: {error.strerror or error}; name another place with --output")
        sys.exit(2)
    Output().write(shown_path(path) + "\n")
