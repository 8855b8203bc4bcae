"""文书: what a case produces. Its words are fixed and hashed when the step is taken; the DOCX is
rendered from them by a template, ours or the bureau's, and kept by its content hash."""

from fenhe.act.documents.making import attach_signed, produce
from fenhe.act.documents.rendering import bytes_of, render_wanted, template_bytes

__all__ = ["attach_signed", "bytes_of", "produce", "render_wanted", "template_bytes"]
