"""
Turns the MaterialDefinitions of a B2MML file into the input of importCatalog, as JSON on standard output.

    python3 to_import.py materials.xml [--all] > input.json

--all says that the file has every product of the plant: those that it does not name are archived.
"""

import json
import sys
from xml.etree import ElementTree


def text_of(element, path):
    """The text at a path of local names, whatever the namespace of the B2MML version; None if there is none."""
    found = element.find("/".join(f"{{*}}{name}" for name in path.split("/")))
    text = "" if found is None else (found.text or "").strip()
    return text or None


def value_of(prop):
    value, unit = text_of(prop, "Value/ValueString"), text_of(prop, "Value/UnitOfMeasure")
    return value if unit is None else {"value": value, "unit": unit}


def product_of(definition):
    attributes = {"version": text_of(definition, "Version"), "scope": text_of(definition, "HierarchyScope/EquipmentID")}
    for prop in definition.iterfind("{*}MaterialDefinitionProperty"):
        attributes[text_of(prop, "ID")] = value_of(prop)
    product = {
        "partNumber": text_of(definition, "ID"),
        "name": text_of(definition, "Description"),
        "promptName": text_of(definition, "MaterialClassID"),
        "attributes": {name: value for name, value in attributes.items() if value is not None} or None,
    }
    # An absent field leaves a known product as it is.
    return {name: value for name, value in product.items() if value is not None}


def main():
    definitions = ElementTree.parse(sys.argv[1]).iterfind(".//{*}MaterialDefinition")
    products = [product_of(definition) for definition in definitions]
    if not products:
        sys.exit(f"{sys.argv[1]}: has no MaterialDefinition")
    json.dump({"products": products, "archiveMissing": "--all" in sys.argv}, sys.stdout, ensure_ascii=False, indent=2)


main()
