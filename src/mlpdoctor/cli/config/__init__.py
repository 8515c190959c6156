"""What is in force: defaults, ``[tool.mlpdoctor]`` in a TOML file, its sections for some models, the command line."""
