"""The nouns everybody uses: networks, data, reports; how names are made legible and how a file is written."""
