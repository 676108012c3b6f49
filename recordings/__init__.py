"""Everything about files: XDF, video, manifest, layout, check, report and reading."""
