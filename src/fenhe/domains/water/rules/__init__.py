"""Pure rules of water: frames and editions in, frames out."""
