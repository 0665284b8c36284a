"""What leaves a session for other programs: pictures with JSON, training sets, DICOM to files or to an archive.

In: session folders. Out: files in a folder of their own, or objects in a PACS. The session itself is not changed.
"""
