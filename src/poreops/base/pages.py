"""Pages of HTML from the templates beside a module: the only module that imports Jinja."""


def rendered(package: str, template: str, **values: object) -> str:
    """Fill a template of a package; what is filled in is escaped.

    Parameters
    ----------
    package : whose folder holds the template, as "poreops.mlops.expectations"
    template : name of the file
    **values : of the names in it; a name without value is an error

    Returns
    -------
    str
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader(package, ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(template).render(values)
