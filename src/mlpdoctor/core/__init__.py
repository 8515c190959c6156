"""The nouns everybody speaks of: networks, data, histories, ladders, findings, reports. No input, no output."""
