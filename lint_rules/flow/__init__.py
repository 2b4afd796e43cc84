"""Questions about the paths of a function, answered on a form that no language owns."""
