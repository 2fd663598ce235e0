"""Reading files of strangers in processes of their own, which may take so much time and memory and reach no network."""
